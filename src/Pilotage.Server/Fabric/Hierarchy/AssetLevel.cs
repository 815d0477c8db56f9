namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>Levels of the equipment hierarchy, the highest first (IEC 62264-1, ISA-95); what is part of another stands no higher than it.</summary>
internal enum AssetLevel
{
    Enterprise,
    Site,
    Area,

    /// <summary>A production line.</summary>
    Line,

    /// <summary>A work cell.</summary>
    Cell,

    /// <summary>A machine.</summary>
    Unit,

    /// <summary>A part of a machine: a bearing, a motor.</summary>
    Component,
}

/// <summary>The words of the levels.</summary>
internal static class AssetLevels
{
    public static IReadOnlyList<string> Words { get; } = [.. Enum.GetNames<AssetLevel>().Select(name => name.ToLowerInvariant())];

    public static string Word(this AssetLevel level) => Words[(int)level];

    public static bool TryParse(string? word, out AssetLevel level)
    {
        level = (AssetLevel)Math.Max(0, Words.ToList().IndexOf(word ?? ""));
        return Words.Contains(word);
    }
}
