using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>Joins of series over HTTP.</summary>
internal static class JoinEndpoint
{
    private const int SeriesMax = 20;
    private static readonly Meter Meter = new("Pilotage.Server.Fabric.Query");
    private static readonly Counter<long> Joins = Meter.CreateCounter<long>(
        "pilotage.query.joins", "{query}", "Joins of series, by result: done, refused (a parameter, or too costly), gone (whoever asked did not wait).");

    /// <summary>The answer: a row for each point of the first series.</summary>
    /// <param name="Columns">What stands in each row: ms, then the series as DEVICE/PROPERTY.</param>
    /// <param name="Units">What the values of each column are in; null where that is not known.</param>
    /// <param name="Items">Milliseconds since 1970 UTC and the values; null where there is none at or before that time, or none that is young enough.</param>
    /// <param name="Note">What is missing, because retention left windows alone of it; null where nothing is.</param>
    internal sealed record JoinView(IReadOnlyList<string> Columns, IReadOnlyList<string?> Units, IReadOnlyList<object?[]> Items, string? Note);

    public static void Opened()
    {
        foreach (var result in (string[])["done", "refused", "gone"])
        {
            Count(0, result);
        }
    }

    /// <param name="series">DEVICE/PROPERTY, several with commas; the times of the first count.</param>
    /// <param name="from">The first time that counts.</param>
    /// <param name="to">The first time that counts no more.</param>
    /// <param name="maxAge">How old a value of the others may be, as ISO 8601 duration; any age when left out.</param>
    public static IResult Answer(
        string series, DateTimeOffset? from, DateTimeOffset? to, string? maxAge, Principal who, IFleet fleet, TimeSeriesStore store, RollUps rollUps, ThingBook things, CancellationToken cancellation)
    {
        try
        {
            var answer = WindowLength.Read("maxAge", maxAge).Then(age => SeriesName.ReadAll("series", series, 2, SeriesMax, who.Tenant, fleet, store, rollUps).Then(Once).Then(names => from >= to
                ? QueryBounds.Refused("from", $"is {from:O}, not before to ({to:O}); give the earlier time as from")
                : JoinRun.Run(store, Query(names, from, to, age), cancellation).Then(rows => (Outcome<JoinView>)new JoinView(
                    ["ms", .. names.Select(name => name.ToString())], [null, .. names.Select(name => things.UnitOf(name.Device, name.Key.Property)?.Code)], rows, NoteOf(rollUps, names, from, to)))));
            Count(1, answer.IsOk ? "done" : "refused");
            return answer.ToHttp();
        }
        catch (OperationCanceledException)
        {
            Count(1, "gone");
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    /// <summary>Each series once, however often and by whatever name of its device it is named: columns are told apart by their names.</summary>
    private static Outcome<IReadOnlyList<SeriesName>> Once(IReadOnlyList<SeriesName> names) => (Outcome<IReadOnlyList<SeriesName>>)(List<SeriesName>)[.. names.DistinctBy(name => name.Key)];

    private static JoinQuery Query(IReadOnlyList<SeriesName> names, DateTimeOffset? from, DateTimeOffset? to, long? maxAgeNs) => new(
        [.. names.Select(name => name.Key)], from is { } f ? Clock.ToNs(f) : long.MinValue, to is { } t ? Clock.ToNs(t) : long.MaxValue, maxAgeNs);

    private static string? NoteOf(RollUps rollUps, IReadOnlyList<SeriesName> names, DateTimeOffset? from, DateTimeOffset? to)
    {
        var query = Query(names, from, to, null);
        return WindowsOnly.NoteOf(rollUps, query.Series, query.FromNs, query.ToNs);
    }

    private static void Count(long joins, string result) => Joins.Add(joins, new KeyValuePair<string, object?>("result", result));
}
