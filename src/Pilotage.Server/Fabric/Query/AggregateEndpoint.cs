using System.Diagnostics.Metrics;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Retention;
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
    /// <param name="Unit">What the values are in, counts apart: the unit asked for, else the one that all groups have; null where they have none or several.</param>
    /// <param name="Columns">What stands in each point.</param>
    /// <param name="Note">What is missing; null where nothing is.</param>
    internal sealed record AggregateView(
        string Property, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Unit, IReadOnlyList<string> Columns, IReadOnlyList<AggregateRow> Items, string? Note);

    public static void Opened()
    {
        foreach (var result in (string[])["done", "refused", "gone"])
        {
            Count(0, result);
        }
    }

    public static IResult Answer(
        string property, string? path, string? thing, string? @in, DateTimeOffset? from, DateTimeOffset? to, string? window, string? fn, string? groupBy, string? fill, int? top, string? by, string? order,
        string? unit, Principal who, IFleet fleet, TimeSeriesStore store, RollUps rollUps, ThingBook things, AssetBook assets, CancellationToken cancellation)
    {
        var asked = new AggregateParameters(property, path, thing, @in, from, to, window, fn, groupBy, fill, top, by, order, unit);
        try
        {
            var answer = asked.Read(who, fleet, store, things, assets).Then(query => AggregateRun.Run(store, rollUps, query, cancellation).Then(rows => (Outcome<AggregateView>)new AggregateView(
                query.Property, query.Unit, ["ms", .. query.Functions.Select(AggregateFunctions.NameOf)], rows, AggregateRun.NoteOf(rollUps, query))));
            Count(1, answer.IsOk ? "done" : "refused");
            return answer.ToHttp(view => new AggregateAnswer(view));
        }
        catch (OperationCanceledException)
        {
            Count(1, "gone");
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    private static void Count(long queries, string result) => Queries.Add(queries, new KeyValuePair<string, object?>("result", result));
}
