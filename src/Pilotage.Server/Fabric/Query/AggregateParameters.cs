using System.Globalization;
using Pilotage.Core.Units;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>A query of aggregates as it is asked over HTTP.</summary>
/// <param name="Property">The property, of every device asked for.</param>
/// <param name="Path">Devices by their path: <c>acme/lyon/*/pump-*</c>, <c>**</c> for several levels; all when left out.</param>
/// <param name="Thing">Devices of a thing type.</param>
/// <param name="From">The first time that counts.</param>
/// <param name="To">The first time that counts no more.</param>
/// <param name="Window">Length of a window as ISO 8601 duration, aligned to 1970; one window when left out.</param>
/// <param name="Fn">avg, min, max, sum, count, first, last; several with commas.</param>
/// <param name="GroupBy">device, all, or level:N for the first N levels of the path below the tenant.</param>
/// <param name="Fill">none, null, previous or linear.</param>
/// <param name="Top">So many groups only.</param>
/// <param name="By">What groups are ranked by; the first of Fn when left out.</param>
/// <param name="Order">desc or asc.</param>
/// <param name="Unit">A UCUM unit that values are told in; as they are when left out.</param>
internal sealed record AggregateParameters(
    string Property, string? Path, string? Thing, DateTimeOffset? From, DateTimeOffset? To, string? Window, string? Fn, string? GroupBy, string? Fill, int? Top, string? By, string? Order,
    string? Unit)
{
    private const int TopMax = 1_000;
    private const int LevelsMax = 6;
    private const string LevelPrefix = "level:";
    private static readonly string[] Fills = ["none", "null", "previous", "linear"];
    private static readonly string[] Orders = ["desc", "asc"];

    /// <summary>The query, or which parameter cannot be.</summary>
    public Outcome<AggregateQuery> Read(Principal who, IFleet fleet, TimeSeriesStore store, ThingBook things)
    {
        if (From >= To)
        {
            return QueryBounds.Refused("from", $"is {From:O}, not before to ({To:O}); give the earlier time as from");
        }

        if (Top is < 1 or > TopMax)
        {
            return QueryBounds.Refused("top", $"is {Top}; give 1 to {TopMax}, or leave it out for all groups");
        }

        if (!WindowLength.Read("window", Window).TryGet(out var window, out var refusal)
            || !ReadFunctions("fn", Fn ?? "avg").TryGet(out var functions, out refusal)
            || !ReadRank(functions[0]).TryGet(out var by, out refusal)
            || !ReadLevels().TryGet(out var levels, out refusal)
            || !ReadFill(window).TryGet(out var fill, out refusal)
            || !QueryBounds.OneOf("order", Order, Orders).TryGet(out var order, out refusal)
            || !UnitOnRead.Asked("unit", Unit).TryGet(out var unit, out refusal))
        {
            return refusal;
        }

        var devices = fleet.List(who.Tenant, new DeviceQuery { PathPattern = Path, Thing = Thing });
        if (!ReadConversions(devices, store, things, unit).TryGet(out var units, out refusal))
        {
            return refusal;
        }

        return new AggregateQuery
        {
            Property = Property,
            Devices = devices,
            Unit = units.Unit,
            Conversions = units.Conversions,
            FromNs = From is { } from ? Clock.ToNs(from) : long.MinValue,
            ToNs = To is { } to ? Clock.ToNs(to) : long.MaxValue,
            WindowNs = window,
            Functions = functions,
            GroupLevels = levels,
            Fill = fill,
            Top = Top,
            By = by,
            Ascending = order == "asc",
        };
    }

    /// <summary>What values are told in, and how those of each thing type come to it. Devices without the property have no say.</summary>
    private Outcome<(string? Unit, IReadOnlyDictionary<string, UnitConversion> Conversions)> ReadConversions(
        IReadOnlyList<Device> devices, TimeSeriesStore store, ThingBook things, Unit? asked)
    {
        var conversions = new Dictionary<string, UnitConversion>(StringComparer.Ordinal);
        var own = new List<Unit?>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var device in devices)
        {
            // One device of each thing type speaks for all that have the property.
            if (known.Contains(device.Thing) || store.KindOf(new SeriesKey(device.Tenant, device.Id, Property)) is null)
            {
                continue;
            }

            known.Add(device.Thing);
            if (asked is null)
            {
                own.Add(things.UnitOf(device, Property));
            }
            else if (UnitOnRead.Of(things, device, Property, asked).TryGet(out var conversion, out var refusal))
            {
                conversions.Add(device.Thing, conversion);
            }
            else
            {
                return refusal;
            }
        }

        var common = own is [{ } first, ..] && own.TrueForAll(unit => unit?.IsSameAs(first) == true) ? first : null;
        (string? Unit, IReadOnlyDictionary<string, UnitConversion> Conversions) read = ((asked ?? common)?.Code, conversions);
        return read;
    }

    private static Outcome<IReadOnlyList<AggregateFunction>> ReadFunctions(string name, string text)
    {
        var functions = new List<AggregateFunction>();
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!AggregateFunctions.TryParse(word, out var function))
            {
                return QueryBounds.Refused(name, $"has \"{Shown(word)}\"; known are {string.Join(", ", AggregateFunctions.Names)}");
            }

            functions.Add(function);
        }

        return functions;
    }

    private Outcome<AggregateFunction> ReadRank(AggregateFunction standard)
    {
        if (By is null)
        {
            return standard;
        }

        if (!ReadFunctions("by", By).TryGet(out var by, out var refusal))
        {
            return refusal;
        }

        return by.Count == 1 ? by[0] : QueryBounds.Refused("by", "names several functions; groups are ranked by one");
    }

    private Outcome<int?> ReadLevels() => GroupBy switch
    {
        null or "device" => (int?)null,
        "all" => (int?)0,
        { } text when text.StartsWith(LevelPrefix, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(LevelPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var levels)
            && levels is >= 1 and <= LevelsMax => (int?)levels,
        { } text => QueryBounds.Refused("groupBy", $"is \"{Shown(text)}\"; give device, all, or level:1 to level:{LevelsMax}"),
    };

    private Outcome<Fill> ReadFill(long? window)
    {
        if (!QueryBounds.OneOf("fill", Fill, Fills).TryGet(out var fill, out var refusal))
        {
            return refusal;
        }

        return fill is null or "none" ? Query.Fill.None
            : window is null ? QueryBounds.Refused("fill", "needs windows to fill; give window too, for example PT5M")
            : (Fill)Array.IndexOf(Fills, fill);
    }

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
