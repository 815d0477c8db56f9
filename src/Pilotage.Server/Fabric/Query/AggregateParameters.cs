using System.Collections.Immutable;
using Pilotage.Core.Units;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>A query of aggregates as it is asked over HTTP.</summary>
/// <param name="Property">The property, of every device asked for; several with commas.</param>
/// <param name="Path">Devices by their path: <c>acme/lyon/*/pump-*</c>, <c>**</c> for several levels; all when left out.</param>
/// <param name="Thing">Devices of a thing type.</param>
/// <param name="In">Series of what belongs to an asset, a device, or a place of the path.</param>
/// <param name="From">The first time that counts.</param>
/// <param name="To">The first time that counts no more.</param>
/// <param name="Window">Length of a window as ISO 8601 duration, aligned to 1970; one window when left out.</param>
/// <param name="Fn">avg, min, max, sum, count, first, last; several with commas.</param>
/// <param name="GroupBy">device, all, level:N of the path below the tenant, asset, asset:LEVEL, thing, property or unit; several with commas.</param>
/// <param name="Fill">none, null, previous or linear.</param>
/// <param name="Top">So many groups only.</param>
/// <param name="By">What groups are ranked by; the first of Fn when left out.</param>
/// <param name="Order">desc or asc.</param>
/// <param name="Unit">A UCUM unit that values are told in; when left out as they are, and where a group has several, in the one that most of it has.</param>
internal sealed record AggregateParameters(
    string Property, string? Path, string? Thing, string? In, DateTimeOffset? From, DateTimeOffset? To, string? Window, string? Fn, string? GroupBy, string? Fill, int? Top, string? By, string? Order,
    string? Unit)
{
    private const int TopMax = 1_000;
    private const int PropertiesMax = 50;
    private static readonly string[] Fills = ["none", "null", "previous", "linear"];
    private static readonly string[] Orders = ["desc", "asc"];

    /// <summary>The query, or which parameter cannot be.</summary>
    public Outcome<AggregateQuery> Read(Principal who, IFleet fleet, TimeSeriesStore store, ThingBook things, AssetBook assets)
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
            || !AggregateGrouping.Read(GroupBy).TryGet(out var grouping, out refusal)
            || !ReadProperties().TryGet(out var properties, out refusal)
            || !ReadFill(window).TryGet(out var fill, out refusal)
            || !QueryBounds.OneOf("order", Order, Orders).TryGet(out var order, out refusal)
            || !UnitOnRead.Asked("unit", Unit).TryGet(out var unit, out refusal))
        {
            return refusal;
        }

        if (!Sources(who, fleet, store, things, assets, grouping, properties, unit).TryGet(out var series, out refusal))
        {
            return refusal;
        }

        return new AggregateQuery
        {
            Property = string.Join(',', properties),
            Sources = series.Sources,
            Unit = series.Unit,
            Units = series.Units,
            Note = series.Note,
            FromNs = From is { } from ? Clock.ToNs(from) : long.MinValue,
            ToNs = To is { } to ? Clock.ToNs(to) : long.MaxValue,
            WindowNs = window,
            Functions = functions,
            Fill = fill,
            Top = Top,
            By = by,
            Ascending = order == "asc",
        };
    }

    private Outcome<GroupedSources> Sources(
        Principal who, IFleet fleet, TimeSeriesStore store, ThingBook things, AssetBook assets, AggregateGrouping grouping, IReadOnlyList<string> properties, Unit? unit)
    {
        var devices = fleet.List(who.Tenant, new DeviceQuery { PathPattern = Path, Thing = Thing });
        if (grouping.IsByPath && properties.Count == 1 && In is null)
        {
            // Fast path: what is asked for of each device is one series, and its path says where it goes.
            var plain = ReadConversions(devices, properties[0], store, things, unit);
            if (!plain.IsOk || !plain.Value.IsMixed)
            {
                return plain.Then(units => (Outcome<GroupedSources>)new GroupedSources(
                    [.. devices.Select(device => new AggregateSource(device, properties[0], grouping.OfPath(device), units.Conversions.TryGetValue(device.Thing, out var conversion) ? conversion : null))],
                    units.Unit, ImmutableDictionary<string, string>.Empty, null));
            }
        }

        return AssetScope.Of(assets.Of(who.Tenant), fleet, who.Tenant, In).Then(scope =>
            new AggregateSources(grouping, store, things, new AssetPlaces(assets.Of(who.Tenant), fleet, who.Tenant))
                .Of(devices, properties, (device, property) => scope?.Holds(device, property) != false, unit));
    }

    /// <summary>What values are told in, and how those of each thing type come to it. Devices without the property have no say.</summary>
    private static Outcome<(string? Unit, bool IsMixed, IReadOnlyDictionary<string, UnitConversion> Conversions)> ReadConversions(
        IReadOnlyList<Device> devices, string property, TimeSeriesStore store, ThingBook things, Unit? asked)
    {
        var conversions = new Dictionary<string, UnitConversion>(StringComparer.Ordinal);
        var own = new List<Unit?>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var device in devices)
        {
            // One device of each thing type speaks for all that have the property.
            if (known.Contains(device.Thing) || store.KindOf(new SeriesKey(device.Tenant, device.Id, property)) is null)
            {
                continue;
            }

            known.Add(device.Thing);
            if (asked is null)
            {
                own.Add(things.UnitOf(device, property));
            }
            else if (UnitOnRead.Of(things, device, property, asked).TryGet(out var conversion, out var refusal))
            {
                conversions.Add(device.Thing, conversion);
            }
            else
            {
                return refusal;
            }
        }

        var common = own is [{ } first, ..] && own.TrueForAll(unit => unit?.IsSameAs(first) == true) ? first : null;
        var isMixed = common is null && own.Exists(unit => unit is not null);
        (string? Unit, bool IsMixed, IReadOnlyDictionary<string, UnitConversion> Conversions) read = ((asked ?? common)?.Code, isMixed, conversions);
        return read;
    }

    /// <summary>The properties, each once however often it is named.</summary>
    private Outcome<IReadOnlyList<string>> ReadProperties()
    {
        var names = Property.Split(',', StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal).ToList();
        return names.Count > PropertiesMax ? QueryBounds.Refused("property", $"names {names.Count} properties; {PropertiesMax} are the most")
            : names.Contains("") ? QueryBounds.Refused("property", "has an empty name in it; give names with one comma between two of them")
            : names;
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
