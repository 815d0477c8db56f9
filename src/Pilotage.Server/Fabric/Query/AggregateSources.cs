using Pilotage.Core.Units;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>The series of a query in their groups, all of a group in one unit.</summary>
/// <param name="Sources">Series by series; one that belongs to two groups stands twice.</param>
/// <param name="Unit">What all groups are told in; null where they have none or several.</param>
/// <param name="Units">What each group is told in, where that is not the same for all.</param>
/// <param name="Note">What is left out; null where nothing is.</param>
internal sealed record GroupedSources(IReadOnlyList<AggregateSource> Sources, string? Unit, IReadOnlyDictionary<string, string> Units, string? Note);

/// <summary>Puts series into groups by what the catalogue knows of them, and finds the unit that each group can be told in.</summary>
internal sealed class AggregateSources(AggregateGrouping grouping, TimeSeriesStore store, ThingBook things, AssetPlaces places)
{
    private const int NamedMax = 3;

    // What a property of a thing type is measured in does not change from device to device.
    private readonly Dictionary<(string Thing, string Property), Unit?> _units = [];

    /// <summary>All series that are there, of these devices and properties.</summary>
    /// <param name="isMeant">Which of them are asked for.</param>
    /// <param name="asked">What all are told in; null for what each group comes to by itself.</param>
    public Outcome<GroupedSources> Of(IReadOnlyList<Device> devices, IReadOnlyList<string> properties, Func<Device, string, bool> isMeant, Unit? asked)
    {
        var (grouped, left) = (new List<(AggregateSource Source, Unit? Own)>(), 0);
        foreach (var (device, property) in devices.SelectMany(device => properties.Select(property => (device, property))))
        {
            if (store.KindOf(new SeriesKey(device.Tenant, device.Id, property)) is null || !isMeant(device, property))
            {
                continue;
            }

            var (own, before) = (UnitOf(device, property), grouped.Count);
            grouped.AddRange(Groups(device, property, asked ?? own).Select(group => (new AggregateSource(device, property, group), own)));
            left += grouped.Count == before ? 1 : 0;
        }

        var note = left == 0 ? null : $"{left} series belong to no {LevelAsked()}, and are in no group: pilotage asset relate says what belongs to what.";
        return (asked is null ? InOwn(grouped) : In(grouped, asked)).Then(told => (Outcome<GroupedSources>)(told with { Note = note }));
    }

    private Unit? UnitOf(Device device, string property)
    {
        if (!_units.TryGetValue((device.Thing, property), out var unit))
        {
            _units[(device.Thing, property)] = unit = things.UnitOf(device, property);
        }

        return unit;
    }

    /// <summary>The names of the groups of a series: one for each asset that it belongs to, where assets make groups.</summary>
    private IEnumerable<string> Groups(Device device, string property, Unit? unit)
    {
        IEnumerable<string> names = [""];
        foreach (var by in grouping.By)
        {
            var parts = by.Word == AggregateGrouping.Asset ? [.. places.Of(device, property, by.AssetLevel).Select(asset => asset.Name)] : new[] { PartOf(by, device, property, unit) };
            names = names.SelectMany(name => parts.Select(part => name.Length == 0 || part.Length == 0 ? name + part : $"{name} {part}")).ToList();
        }

        return names;
    }

    private static string PartOf(GroupBy by, Device device, string property, Unit? unit) => by.Word switch
    {
        AggregateGrouping.PerDevice => device.Id.Value,
        AggregateGrouping.Level => AggregateGrouping.PathOf(device, by.PathLevels),
        AggregateGrouping.Thing => device.Thing,
        AggregateGrouping.Property => property,
        AggregateGrouping.Unit => unit?.Code ?? "none",
        _ => "",
    };

    private Outcome<GroupedSources> In(List<(AggregateSource Source, Unit? Own)> grouped, Unit asked)
    {
        var conversions = new Dictionary<(string, string), UnitConversion>();
        var sources = new List<AggregateSource>(grouped.Count);
        foreach (var (source, _) in grouped)
        {
            if (!conversions.TryGetValue((source.Device.Thing, source.Property), out var conversion))
            {
                if (!UnitOnRead.Of(things, source.Device, source.Property, asked).TryGet(out conversion, out var refusal))
                {
                    return refusal;
                }

                conversions[(source.Device.Thing, source.Property)] = conversion;
            }

            sources.Add(source with { Conversion = conversion });
        }

        return new GroupedSources(sources, asked.Code, new Dictionary<string, string>(), null);
    }

    /// <summary>Each group in the unit that most of its series have; refused where one of them cannot be converted into it.</summary>
    private Outcome<GroupedSources> InOwn(List<(AggregateSource Source, Unit? Own)> grouped)
    {
        var (sources, units) = (new List<AggregateSource>(grouped.Count), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var group in grouped.GroupBy(one => one.Source.Group, StringComparer.Ordinal))
        {
            var most = group.Where(one => one.Own is not null).GroupBy(one => one.Own!.Code, StringComparer.Ordinal)
                .OrderByDescending(of => of.Count()).ThenBy(of => of.Key, StringComparer.Ordinal).FirstOrDefault()?.First().Own;
            if (most is null)
            {
                sources.AddRange(group.Select(one => one.Source));
                continue;
            }

            foreach (var (source, own) in group)
            {
                if (own?.ConvertsTo(most) != true)
                {
                    return Differing(group.Key, [.. group]);
                }

                sources.Add(own.IsSameAs(most) ? source : source with { Conversion = own.ConversionTo(most).Value });
            }

            units[group.Key] = most.Code;
        }

        var all = grouped.Select(one => units.GetValueOrDefault(one.Source.Group)).Distinct(StringComparer.Ordinal).ToList();
        return all is [var common] ? new GroupedSources(sources, common, new Dictionary<string, string>(), null) : new GroupedSources(sources, null, units, null);
    }

    private Refusal Differing(string group, List<(AggregateSource Source, Unit? Own)> of)
    {
        var units = of.GroupBy(one => one.Own?.Code, StringComparer.Ordinal).OrderBy(one => one.Key, StringComparer.Ordinal)
            .Select(one => $"{one.Key ?? "no unit"} ({string.Join(", ", one.Select(each => $"{each.Source.Device.Thing}.{each.Source.Property}").Distinct(StringComparer.Ordinal).Take(NamedMax))})").ToList();
        var undescribed = of.Any(one => one.Own is null) ? " Where a property has no unit, describe its thing type with: pilotage thing import FILE --name TYPE --replace." : "";
        return new Refusal(
            "fabric.query.units",
            $"{(group.Length == 0 ? "All together" : $"The group {group}")} would put values in {string.Join(" and ", units)} together, which are not the same and cannot be converted. "
                + $"Group by {grouping.Text},unit to have them apart, or ask for some of them by thing, path or property.{undescribed}")
        {
            Details = [new("groupBy", $"puts {string.Join(" and ", units)} together; give {grouping.Text},unit")],
        };
    }

    private string LevelAsked() => grouping.By.FirstOrDefault(by => by.Word == AggregateGrouping.Asset)?.AssetLevel is { } level ? $"asset of the level {level.Word()}" : "asset";
}
