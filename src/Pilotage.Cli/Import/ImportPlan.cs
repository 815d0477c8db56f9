namespace Pilotage.Cli.Import;

/// <summary>One column of a file, and what becomes of it.</summary>
/// <param name="Index">Its place in a row.</param>
/// <param name="Name">As the header says.</param>
/// <param name="Property">What it is stored as; null where it is left out, with the reason in <paramref name="Note"/>.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Role"><c>time</c>, <c>device</c>, <c>value</c> or <c>skipped</c>.</param>
/// <param name="First">Its first values.</param>
/// <param name="Note">Why it is left out, or what is worth knowing.</param>
internal sealed record ColumnPlan(int Index, string Name, string? Property, ColumnKind Kind, string Role, IReadOnlyList<string> First, string Note)
{
    public const string IsTime = "time";
    public const string IsDevice = "device";
    public const string IsValue = "value";
    public const string IsSkipped = "skipped";
}

/// <summary>How a file is read: what was said, and the rest guessed from its first rows.</summary>
internal sealed record ImportPlan
{
    public required string File { get; init; }

    public required char Delimiter { get; init; }

    public required bool HasDecimalComma { get; init; }

    public required TimeForm Time { get; init; }

    /// <summary>The place of the times.</summary>
    public required int TimeColumn { get; init; }

    /// <summary>The device of all rows; null where a column names it.</summary>
    public string? Device { get; init; }

    /// <summary>The place of the devices' names.</summary>
    public int? DeviceColumn { get; init; }

    public required IReadOnlyList<ColumnPlan> Columns { get; init; }

    /// <summary>The first devices that rows are of, some at most.</summary>
    public IReadOnlyList<string> FirstDevices { get; init; } = [];

    /// <summary>What the user should look at, beside the columns.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The columns that are stored.</summary>
    public IReadOnlyList<ColumnPlan> Values { get; init; } = [];

    public string DelimiterName => Delimiter switch { '\t' => "tab", _ => $"{Delimiter}" };
}
