namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>A part of a plant: a line, a machine, a bearing.</summary>
internal sealed record Asset(string Name, AssetLevel Level, string Title);

/// <summary>An asset or a device, as an end of a relation.</summary>
internal readonly record struct AssetNode(bool IsDevice, string Name)
{
    private const string AssetPrefix = "asset:";
    private const string DevicePrefix = "device:";

    public static AssetNode OfAsset(string name) => new(false, name);

    public static AssetNode OfDevice(DeviceId id) => new(true, id.Value);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string text, out AssetNode node)
    {
        var isDevice = text.StartsWith(DevicePrefix, StringComparison.Ordinal);
        var isNode = isDevice || text.StartsWith(AssetPrefix, StringComparison.Ordinal);
        node = isNode ? new AssetNode(isDevice, text[(isDevice ? DevicePrefix : AssetPrefix).Length..]) : default;
        return isNode && node.Name.Length > 0;
    }

    /// <summary>A name without what may stand before it to say that an asset is meant.</summary>
    public static string NameOfAsset(string name) => TryParse(name, out var node) && !node.IsDevice ? node.Name : name;

    /// <inheritdoc/>
    public override string ToString() => (IsDevice ? DevicePrefix : AssetPrefix) + Name;
}

/// <summary>What one end is to the other.</summary>
internal enum RelationKind
{
    /// <summary>It is a part of the other; of one at most, and never of itself, however far up.</summary>
    PartOf,

    /// <summary>What leaves it goes into the other.</summary>
    Feeds,

    /// <summary>A device, or one of its series, says something of the other.</summary>
    Measures,
}

/// <summary>How two belong together.</summary>
/// <param name="Property">The series that measures; null for all of the device, and of other relations.</param>
internal sealed record Relation(AssetNode From, string? Property, RelationKind Kind, AssetNode To)
{
    public static IReadOnlyList<string> Words { get; } = ["part-of", "feeds", "measures"];

    public string Word => Words[(int)Kind];

    /// <inheritdoc/>
    public override string ToString() => $"{From}{(Property is null ? "" : $" {Property}")} {Word} {To}";
}
