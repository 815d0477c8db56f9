using System.Collections.Frozen;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>The assets of a tenant and how they and its devices belong together; never changed, another one takes its place.</summary>
internal sealed class AssetGraph
{
    private readonly FrozenDictionary<AssetNode, AssetNode> _parents;
    private readonly FrozenDictionary<AssetNode, List<Relation>> _measures;

    public AssetGraph(IReadOnlyCollection<Asset> assets, IReadOnlyCollection<Relation> relations)
    {
        Assets = assets.ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal);
        Relations = relations;
        _parents = relations.Where(one => one.Kind == RelationKind.PartOf).ToFrozenDictionary(one => one.From, one => one.To);
        _measures = relations.Where(one => one.Kind == RelationKind.Measures).GroupBy(one => one.From).ToFrozenDictionary(of => of.Key, of => of.ToList());
    }

    public static AssetGraph Empty { get; } = new([], []);

    public FrozenDictionary<string, Asset> Assets { get; }

    public IReadOnlyCollection<Relation> Relations { get; }

    /// <summary>What it is a part of, or null.</summary>
    public AssetNode? ParentOf(AssetNode node) => _parents.TryGetValue(node, out var parent) ? parent : null;

    /// <summary>The nodes that it is a part of, the nearest first; it stops where it would go round.</summary>
    public IEnumerable<AssetNode> Above(AssetNode node)
    {
        var seen = new HashSet<AssetNode> { node };
        for (var at = ParentOf(node); at is { } parent && seen.Add(parent); at = ParentOf(parent))
        {
            yield return parent;
        }
    }

    /// <summary>What a series of a device measures.</summary>
    public IEnumerable<AssetNode> MeasuredBy(Device device, string property) => _measures.TryGetValue(AssetNode.OfDevice(device.Id), out var relations)
        ? relations.Where(one => one.Property is null || one.Property == property).Select(one => one.To)
        : [];

    /// <summary>Whether there is a path from a node up to itself.</summary>
    public bool GoesRound(AssetNode node)
    {
        var (at, seen) = (ParentOf(node), new HashSet<AssetNode>());
        while (at is { } parent && seen.Add(parent))
        {
            if (parent == node)
            {
                return true;
            }

            at = ParentOf(parent);
        }

        return false;
    }
}
