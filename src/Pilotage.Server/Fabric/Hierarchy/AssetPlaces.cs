using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>The assets that series belong to: those that <see cref="AssetScope"/> says hold them.</summary>
internal sealed class AssetPlaces(AssetGraph graph, IFleet fleet, TenantId tenant)
{
    private readonly Dictionary<AssetNode, IReadOnlyList<Asset>> _known = [];

    /// <summary>Of a level: all that hold the series. Without one: the nearest, which are those that it measures, else the one that its device is part of.</summary>
    public IReadOnlyList<Asset> Of(Device device, string property, AssetLevel? level)
    {
        var measured = graph.MeasuredBy(device, property).ToList();
        if (level is null && measured.Count > 0)
        {
            return [.. measured.Select(node => Around(node) is [var nearest, ..] ? nearest : null).OfType<Asset>().Distinct()];
        }

        var around = Around(AssetNode.OfDevice(device.Id));
        return level is null ? [.. around.Take(1)] : [.. measured.SelectMany(Around).Concat(around).Where(asset => asset.Level == level).Distinct()];
    }

    /// <summary>An asset itself and all that it or a device is part of, the nearest first: as it was said, then levels of paths that are called as assets are.</summary>
    private IReadOnlyList<Asset> Around(AssetNode node)
    {
        if (!_known.TryGetValue(node, out var around))
        {
            var nodes = graph.Above(node).Prepend(node).ToList();
            _known[node] = around = [.. Assets(nodes).Concat(nodes.Where(one => one.IsDevice).SelectMany(ByPath)).Distinct()];
        }

        return around;
    }

    private IEnumerable<Asset> ByPath(AssetNode node) => fleet.Find(tenant, new DeviceId(node.Name)) is { } device
        ? device.Path.Split('/')[1..^1].Reverse().Where(graph.Assets.ContainsKey).SelectMany(level => Assets(graph.Above(AssetNode.OfAsset(level)).Prepend(AssetNode.OfAsset(level))))
        : [];

    private IEnumerable<Asset> Assets(IEnumerable<AssetNode> nodes) =>
        nodes.Where(node => !node.IsDevice).Select(node => graph.Assets.GetValueOrDefault(node.Name)).OfType<Asset>();
}
