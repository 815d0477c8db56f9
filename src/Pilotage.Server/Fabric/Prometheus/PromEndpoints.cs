using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Prometheus.Evaluation;
using Pilotage.Server.Fabric.Prometheus.Language;
using Pilotage.Server.Fabric.Query;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Prometheus;

/// <summary>The queries of the HTTP API of Prometheus, so that a stock Grafana charts our series; nothing can be changed by it.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/api/.</remarks>
internal static class PromEndpoints
{
    private const string Permission = "fabric.series.read";

    // As Prometheus has it; a query that reads as much as it may takes about a second.
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromMinutes(2);
    private static readonly Meter Meter = new("Pilotage.Server.Fabric.Prometheus");
    private static readonly Counter<long> Queries = Meter.CreateCounter<long>(
        "pilotage.query.prometheus", "{query}", "Queries of clients of Prometheus, by result: done, refused (not read, not supported, or too costly), gone (whoever asked did not wait, or it took too long).");

    /// <summary>An answer as clients of Prometheus read it: what the data is, the route says.</summary>
    /// <param name="Warnings">What is missing, because retention left windows alone of it; not there where nothing is.</param>
    internal sealed record PromAnswerView(string Status, object? Data, IReadOnlyList<string>? Warnings);

    /// <summary>An error as clients of Prometheus read it.</summary>
    internal sealed record PromErrorView(string Status, string ErrorType, string Error);

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var result in (string[])["done", "refused", "gone"])
        {
            Count(0, result);
        }

        var api = routes.MapGroup("/prometheus/api/v1").RequirePermission(Permission, Scope.Tenant)
            .WithMetadata(new RefusalShape(PromAnswer.Refused), new TakesPassword()).WithTags("fabric");
        foreach (var method in (string[])["GET", "POST"])
        {
            api.MapMethods("query", [method], QueryAsync);
            api.MapMethods("query_range", [method], QueryRangeAsync);
            api.MapMethods("series", [method], PromMetadata.SeriesAsync);
            api.MapMethods("labels", [method], PromMetadata.LabelsAsync);
        }

        api.MapGet("label/{name}/values", PromMetadata.LabelValuesAsync);
        api.MapGet("metadata", PromMetadata.MetricsAsync);
        api.MapGet("status/buildinfo", PromMetadata.BuildInfo);
    }

    private static Task<IResult> QueryAsync(HttpRequest request, Principal who, IFleet fleet, TimeSeriesStore store, RollUps rollUps, TimeProvider time, CancellationToken cancellation) =>
        AnswerAsync(request, time, (asked, limited) => asked.Query().Then(PromParser.Read).Then(expression => asked.Time("time", time.NowNs()).Then(at =>
        {
            if (expression is PromNumber number)
            {
                return PromAnswer.Scalar(number.Value, at);
            }

            var grid = StepGrid.Once(at);
            var evaluator = new PromEvaluator(new PromCatalogue(fleet, store), store, rollUps, who.Tenant, grid, limited);
            return evaluator.Vector(expression).Then(series => (Outcome<PromAnswer>)PromAnswer.Vector(series, grid, evaluator.Note));
        })), cancellation);

    private static Task<IResult> QueryRangeAsync(HttpRequest request, Principal who, IFleet fleet, TimeSeriesStore store, RollUps rollUps, TimeProvider time, CancellationToken cancellation) =>
        AnswerAsync(request, time, (asked, limited) => asked.Query().Then(PromParser.Read).Then(expression => asked.Grid().Then(grid =>
        {
            if (expression is PromNumber number)
            {
                return PromAnswer.Matrix([new StepSeries(LabelSet.Empty, [.. Enumerable.Repeat((double?)number.Value, grid.Count)])], grid, null);
            }

            var evaluator = new PromEvaluator(new PromCatalogue(fleet, store), store, rollUps, who.Tenant, grid, limited);
            return evaluator.Vector(expression).Then(series =>
            {
                var values = series.Sum(one => (long)one.Values.Length);
                return values > AggregateRun.ValuesMax
                    ? AggregateRun.TooCostly($"would give {values:N0} values; {AggregateRun.ValuesMax:N0} are the most")
                    : (Outcome<PromAnswer>)PromAnswer.Matrix([.. series.OrderBy(one => one.Labels, LabelSet.Order)], grid, evaluator.Note);
            });
        })), cancellation);

    /// <summary>Reads the parameters, and answers in time or says that it was not possible.</summary>
    public static async Task<IResult> AnswerAsync(HttpRequest request, TimeProvider time, Func<PromParameters, CancellationToken, Outcome<PromAnswer>> answer, CancellationToken cancellation)
    {
        var read = (await PromParameters.ReadAsync(request, cancellation)).Then(asked => asked.Timeout(TimeoutMax).Then(most => (Outcome<(PromParameters, TimeSpan)>)(asked, most)));
        if (!read.TryGet(out var given, out var refusal))
        {
            Count(1, "refused");
            return PromAnswer.Refused(refusal);
        }

        using var timeout = new CancellationTokenSource(given.Item2, time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            var answered = answer(given.Item1, limited.Token);
            Count(1, answered.IsOk ? "done" : "refused");
            return answered.TryGet(out var told, out refusal) ? told : PromAnswer.Refused(refusal);
        }
        catch (OperationCanceledException)
        {
            Count(1, "gone");
            return cancellation.IsCancellationRequested
                ? TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest)
                : PromAnswer.Refused(StatusCodes.Status503ServiceUnavailable, "timeout", $"query timed out after {given.Item2.TotalSeconds:0.###} s; ask for a shorter time or fewer series");
        }
    }

    private static void Count(long queries, string result) => Queries.Add(queries, new KeyValuePair<string, object?>("result", result));
}
