namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>What the assets of a tenant were and what they are now.</summary>
internal sealed record AssetChange(AssetGraph Before, AssetGraph After)
{
    public int AssetsAdded => After.Assets.Keys.Count(name => !Before.Assets.ContainsKey(name));

    public int AssetsChanged => After.Assets.Values.Count(asset => Before.Assets.GetValueOrDefault(asset.Name) is { } before && before != asset);

    public int RelationsAdded => After.Relations.Except(Before.Relations).Count();

    /// <summary>Relations whose place another one took: what is part of one thing is part of no other.</summary>
    public int RelationsReplaced => Before.Relations.Except(After.Relations).Count();
}
