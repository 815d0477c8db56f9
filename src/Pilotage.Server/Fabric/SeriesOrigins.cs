using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fabric.Sources;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Where values of series come from, out of devices, mappings, sources and rules of retention.</summary>
/// <remarks>Points do not say who brought them, so these are the ways that are open to a series, not the ways that its points took.</remarks>
internal sealed class SeriesOrigins(IFleet fleet, MappingBook mappings, SourceBook sources, RetentionBook retention, RollUps rollUps) : ISeriesOrigins
{
    private const double NsPerDay = 86_400e9;

    public IReadOnlyDictionary<string, IReadOnlyList<SeriesOrigin>> Of(TenantId tenant, IReadOnlyList<Device> devices, IReadOnlyList<string> properties)
    {
        var ruling = retention.Of(tenant).Select(rule => (Rule: rule, Governed: fleet.List(tenant, new DeviceQuery { PathPattern = rule.Path, Thing = rule.Thing }).Select(device => device.Id).ToHashSet())).ToList();
        var known = mappings.All(tenant).Select(stored => mappings.Find(tenant, stored.Name)).OfType<TopicMapping>().Select(mapping => (mapping, sources.UsersOf(tenant, mapping.Name).ToList())).ToList();
        return properties.ToDictionary(
            property => property,
            property => (IReadOnlyList<SeriesOrigin>)[.. devices.Select(device => new SeriesOrigin(
                [.. Doors(known, device, property)],
                RetentionBook.Holding(ruling.Where(one => one.Governed.Contains(device.Id)).Select(one => one.Rule), property) is { } rule ? Words(rule) : null,
                rollUps.FloorOf(new SeriesKey(tenant, device.Id, property))))],
            StringComparer.Ordinal);
    }

    /// <summary>A device without a certificate of its own is spoken for by its edge, or by mappings.</summary>
    private static IEnumerable<string> Doors(List<(TopicMapping Mapping, List<string> Sources)> known, Device device, string property) =>
        device.Status == DeviceStatus.Enrolled ? ["its own certificate"]
            : device.Edge is { } edge ? [$"edge {edge}"]
            : from one in known
              from rule in one.Mapping.Rules
              where rule.Device.CouldGive(device.Path) && Gives(rule, property)
              select $"mapping {one.Mapping.Name} {one.Mapping.Version}, rule {rule.Name}{(one.Sources.Count == 0 ? "" : $", source {string.Join(" or ", one.Sources)}")}";

    private static bool Gives(MappingRule rule, string property) => rule.Properties.Any(pair => (pair.Value.Name ?? pair.Key) == property)
        || (rule.Property is { } template ? template.CouldGive(property) : rule.KeepsOthers && !rule.Properties.ContainsKey(property));

    private static string Words(RetentionRule rule) => FormattableString.Invariant(
        $"{rule.Name}: points stay {rule.KeepNs / NsPerDay:0.##} days{(rule.RollUpNs is { } window ? $", then windows of {RollUps.Lengths.First(length => length.Ns == window).Name}" : "")}");
}
