using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>
/// What belongs to one asset, device or place: devices that are part of it, however far up, or stand there by their path, and series that
/// measure it or a part of it.
/// </summary>
internal sealed class AssetScope
{
    private const int CharsMax = 300;
    private readonly AssetGraph _graph;
    private readonly IFleet _fleet;
    private readonly TenantId _tenant;
    private readonly HashSet<AssetNode> _meant = [];
    private readonly string _place;
    private readonly Dictionary<AssetNode, bool> _known = [];

    private AssetScope(AssetGraph graph, IFleet fleet, TenantId tenant, string place) => (_graph, _fleet, _tenant, _place) = (graph, fleet, tenant, place);

    /// <summary>The scope of a name: an asset, a device by id, path or name, or a level of devices' paths, or one of the first two by <c>asset:</c> or <c>device:</c>; null where nothing is asked for.</summary>
    public static Outcome<AssetScope?> Of(AssetGraph graph, IFleet fleet, TenantId tenant, string? name)
    {
        if (name is null)
        {
            return (Outcome<AssetScope?>)(AssetScope?)null;
        }

        if (name.Length is 0 or > CharsMax)
        {
            return QueryBounds.Refused("in", $"has {name.Length} characters; give an asset, a device, or a level of a path, or leave it out for all");
        }

        // A prefix says that an asset is meant, or a device, and no place.
        var isSaid = AssetNode.TryParse(name, out var said);
        var called = isSaid ? said.Name : name;
        var scope = new AssetScope(graph, fleet, tenant, isSaid && said.IsDevice ? "" : called);
        if ((!isSaid || !said.IsDevice) && graph.Assets.ContainsKey(called))
        {
            scope._meant.Add(AssetNode.OfAsset(called));
        }

        if ((!isSaid || said.IsDevice) && fleet.Resolve(tenant, called).TryGet(out var device, out _))
        {
            scope._meant.Add(AssetNode.OfDevice(device.Id));
        }

        return scope._meant.Count > 0 || !isSaid && fleet.List(tenant, new DeviceQuery()).Any(one => StandsAt(one, name))
            ? scope
            : new Refusal("fabric.asset.not_found", $"\"{name}\" is no asset, no device, and no level of a device's path. See what there is: pilotage asset list");
    }

    public bool Holds(Device device, string property) =>
        Holds(AssetNode.OfDevice(device.Id)) || _graph.MeasuredBy(device, property).Any(Holds);

    private bool Holds(AssetNode node)
    {
        if (!_known.TryGetValue(node, out var holds))
        {
            _known[node] = holds = IsIn(node) || _graph.Above(node).Any(IsIn);
        }

        return holds;
    }

    /// <summary>Whether it is what is meant, or a device that stands there by its path; an asset that is called as a level holds what stands at that level.</summary>
    private bool IsIn(AssetNode node) => _meant.Contains(node)
        || (node.IsDevice && _fleet.Find(_tenant, new DeviceId(node.Name)) is { } device
            && (StandsAt(device, _place) || LevelsOf(device).Any(level => _graph.Assets.ContainsKey(level) && IsMeant(level))));

    private bool IsMeant(string asset) => _graph.Above(AssetNode.OfAsset(asset)).Append(AssetNode.OfAsset(asset)).Any(_meant.Contains);

    /// <summary>A whole path, or one level of it between tenant and device.</summary>
    private static bool StandsAt(Device device, string place) => place.Contains('/', StringComparison.Ordinal)
        ? device.Path.StartsWith(place + "/", StringComparison.Ordinal)
        : LevelsOf(device).Contains(place, StringComparer.Ordinal);

    private static string[] LevelsOf(Device device) => device.Path.Split('/')[1..^1];
}
