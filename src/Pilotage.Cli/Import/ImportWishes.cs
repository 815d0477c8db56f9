namespace Pilotage.Cli.Import;

/// <summary>What was said about a file; null is found out.</summary>
internal sealed record ImportWishes
{
    public required string File { get; init; }

    public string? Device { get; init; }

    public string? DeviceColumn { get; init; }

    public string? Time { get; init; }

    public string? TimeFormat { get; init; }

    public string? TimeZone { get; init; }

    /// <summary>Columns and the properties they become; empty takes all there are.</summary>
    public IReadOnlyList<(string Column, string Property)> Columns { get; init; } = [];

    public char? Delimiter { get; init; }

    public bool? HasDecimalComma { get; init; }
}
