using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>Correlations of series over HTTP.</summary>
internal static class CorrelationEndpoint
{
    private const int LagsMax = 1_000;
    private const int OthersMax = 1_000;
    private const int TopDefault = 20;
    private const long WindowDefaultNs = 60_000_000_000;
    private const double NsPerSecond = 1e9;

    // Below, less than a tenth of how one varies goes with how the other does.
    private const double Weak = 0.3;
    private static readonly Meter Meter = new("Pilotage.Server.Fabric.Query");
    private static readonly Counter<long> Correlations = Meter.CreateCounter<long>(
        "pilotage.query.correlations", "{query}", "Correlations of series, by result: done, refused (a parameter, or too costly), gone (whoever asked did not wait).");

    /// <summary>The answer, the strongest first.</summary>
    /// <param name="Series">What the others are held against.</param>
    /// <param name="WindowSeconds">Averages of windows of this length are compared.</param>
    /// <param name="Compared">Series that were held against it; those of <paramref name="Items"/> say something at some lag.</param>
    internal sealed record CorrelationView(string Series, double WindowSeconds, int Compared, IReadOnlyList<CorrelationRow> Items);

    /// <param name="Series">The other one, as DEVICE/PROPERTY.</param>
    /// <param name="R">Pearson's r at the best lag, from -1 to 1.</param>
    /// <param name="LagSeconds">The best lag: positive where the other one follows the first, negative where it goes before.</param>
    /// <param name="Pairs">Windows that both have at that lag.</param>
    /// <param name="Says">The same as a sentence.</param>
    /// <param name="Lags">Every lag, where two series were named.</param>
    internal sealed record CorrelationRow(string Series, double R, double LagSeconds, long Pairs, string Says, IReadOnlyList<LagView>? Lags);

    /// <param name="LagSeconds">How much later the other one is taken.</param>
    /// <param name="R">Null of fewer than three pairs, and where one of the two does not vary.</param>
    /// <param name="Pairs">Windows that both have.</param>
    internal sealed record LagView(double LagSeconds, double? R, long Pairs);

    public static void Opened()
    {
        foreach (var result in (string[])["done", "refused", "gone"])
        {
            Count(0, result);
        }
    }

    /// <param name="series">The first series as DEVICE/PROPERTY; a second one with a comma, or all that the search finds.</param>
    /// <param name="window">Length of a window as ISO 8601 duration; a minute when left out.</param>
    /// <param name="lags">So many windows earlier and later are tried; none when left out.</param>
    /// <param name="path">Without a second series: those of devices by their path.</param>
    /// <param name="thing">Of devices of a thing type.</param>
    /// <param name="property">Of one property.</param>
    /// <param name="quantity">Of everything that measures this.</param>
    /// <param name="unit">In this unit.</param>
    /// <param name="type">Of a semantic type.</param>
    /// <param name="text">By words.</param>
    /// <param name="top">So many of them, the strongest first.</param>
    /// <param name="from">The first time that counts.</param>
    /// <param name="to">The first time that counts no more.</param>
    public static IResult Answer(
        string series, string? window, int? lags, string? path, string? thing, string? property, string? quantity, string? unit, string? type, string? text, int? top,
        DateTimeOffset? from, DateTimeOffset? to, Principal who, IFleet fleet, TimeSeriesStore store, RollUps rollUps, ThingBook things, CancellationToken cancellation)
    {
        Outcome<CorrelationView> Ask()
        {
            if (!SeriesName.ReadAll("series", series, 1, 2, who.Tenant, fleet, store, rollUps).TryGet(out var named, out var refusal)
                || !WindowLength.Read("window", window).TryGet(out var length, out refusal)
                || !QueryBounds.Within("lags", lags, 0, 0, LagsMax).TryGet(out var most, out refusal)
                || !QueryBounds.Within("top", top, TopDefault, 1, OthersMax).TryGet(out var first, out refusal)
                || !Others(named).TryGet(out var others, out refusal))
            {
                return refusal;
            }

            if (named.FirstOrDefault(one => store.KindOf(one.Key) >= SeriesKind.Text) is { } text)
            {
                return QueryBounds.Refused("series", $"names {text}, which holds {(store.KindOf(text.Key) == SeriesKind.Text ? "text" : "JSON")}; only numbers, and true and false, can go with one another");
            }

            if (from >= to)
            {
                return QueryBounds.Refused("from", $"is {from:O}, not before to ({to:O}); give the earlier time as from");
            }

            var query = new CorrelationQuery(
                named[0], others, from is { } f ? Clock.ToNs(f) : long.MinValue, to is { } t ? Clock.ToNs(t) : long.MaxValue, length ?? WindowDefaultNs, most);
            return CorrelationRun.Run(store, rollUps, query, cancellation).Then(found => (Outcome<CorrelationView>)new CorrelationView(
                named[0].ToString(), query.WindowNs / NsPerSecond, others.Count, [.. found.Take(first).Select(each => Row(query, each, withLags: named.Count == 2))]));
        }

        Outcome<IReadOnlyList<SeriesName>> Others(IReadOnlyList<SeriesName> named)
        {
            if (named.Count == 2)
            {
                return (path ?? thing ?? property ?? quantity ?? unit ?? type ?? text) is null
                    ? (Outcome<IReadOnlyList<SeriesName>>)(List<SeriesName>)[named[1]]
                    : QueryBounds.Refused("series", "names two series, and a search chooses among many; give one or the other");
            }

            return SeriesSearch.Of(things, quantity, unit, type, text).Then(search =>
            {
                var found = fleet.List(who.Tenant, new DeviceQuery { PathPattern = path, Thing = thing })
                    .SelectMany(device => store.Series(device.Tenant, device.Id).Select(key => new SeriesName(device, key)))
                    .Where(name => name.Key != named[0].Key && (property is null || name.Key.Property == property) && store.KindOf(name.Key) < SeriesKind.Text && search.Matches(name.Device, name.Key.Property))
                    .Take(OthersMax + 1).ToList();
                return found.Count <= OthersMax
                    ? (Outcome<IReadOnlyList<SeriesName>>)found
                    : QueryBounds.Refused("series", $"is held against more than {OthersMax:N0} others, the most; say which by path, thing, property, quantity, type or text");
            });
        }

        try
        {
            var answer = Ask();
            Count(1, answer.IsOk ? "done" : "refused");
            return answer.ToHttp();
        }
        catch (OperationCanceledException)
        {
            Count(1, "gone");
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    private static CorrelationRow Row(CorrelationQuery query, Correlation found, bool withLags)
    {
        double Seconds(int lag) => lag * (query.WindowNs / NsPerSecond);
        var best = found.Best;
        return new(
            found.Series.ToString(), best.R!.Value, Seconds(best.Lag), best.Pairs, Says(query.First, found.Series, best, Seconds(best.Lag)),
            withLags ? [.. found.Lags.Select(lag => new LagView(Seconds(lag.Lag), lag.R, lag.Pairs))] : null);
    }

    private static string Says(SeriesName first, SeriesName other, LagRow best, double seconds)
    {
        if (Math.Abs(best.R!.Value) < Weak)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{other} hardly goes with {first}: the strongest is r {best.R:0.00} at a lag of {seconds:0.###} s ({best.Pairs} windows)");
        }

        var together = best.R < 0 ? "falls when the first rises" : "rises when the first rises";
        var when = best.Lag switch
        {
            0 => $"goes with {first} at the same time",
            > 0 => $"follows {first} by {Length(seconds)}",
            _ => $"goes {Length(-seconds)} before {first}",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{other} {when}: it {together} (r {best.R:0.00}, {best.Pairs} windows)");
    }

    private static string Length(double seconds) => seconds switch
    {
        >= 86_400 when seconds % 86_400 == 0 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400:0} d"),
        >= 3_600 when seconds % 3_600 == 0 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3_600:0} h"),
        >= 60 when seconds % 60 == 0 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.###} s"),
    };

    private static void Count(long queries, string result) => Correlations.Add(queries, new KeyValuePair<string, object?>("result", result));
}
