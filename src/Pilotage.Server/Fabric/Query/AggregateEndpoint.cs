using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>Aggregates over HTTP.</summary>
internal static class AggregateEndpoint
{
    private static readonly Meter Meter = new("Pilotage.Server.Fabric.Query");
    private static readonly Counter<long> Queries = Meter.CreateCounter<long>(
        "pilotage.query.aggregates", "{query}", "Queries of aggregates, by result: done, refused (a parameter, or too costly), gone (whoever asked did not wait).");

    /// <summary>The answer: groups in order of their names, or of their rank where the first of many were asked for.</summary>
    /// <param name="Columns">What stands in each point.</param>
    internal sealed record AggregateView(string Property, IReadOnlyList<string> Columns, IReadOnlyList<AggregateRow> Items);

    public static void Opened()
    {
        foreach (var result in (string[])["done", "refused", "gone"])
        {
            Count(0, result);
        }
    }

    public static IResult Answer(
        string property, string? path, string? thing, DateTimeOffset? from, DateTimeOffset? to, string? window, string? fn, string? groupBy, string? fill, int? top, string? by, string? order,
        Principal who, IFleet fleet, TimeSeriesStore store, CancellationToken cancellation)
    {
        var asked = new AggregateParameters(property, path, thing, from, to, window, fn, groupBy, fill, top, by, order);
        try
        {
            var answer = asked.Read(who, fleet).Then(query => AggregateRun.Run(store, query, cancellation).Then(rows => (Outcome<AggregateView>)new AggregateView(
                query.Property, ["ms", .. query.Functions.Select(AggregateFunctions.NameOf)], rows)));
            Count(1, answer.IsOk ? "done" : "refused");
            return answer.ToHttp();
        }
        catch (OperationCanceledException)
        {
            Count(1, "gone");
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    private static void Count(long queries, string result) => Queries.Add(queries, new KeyValuePair<string, object?>("result", result));
}
