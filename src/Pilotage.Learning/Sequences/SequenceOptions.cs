using System.ComponentModel.DataAnnotations;

namespace Pilotage.Learning.Sequences;

/// <summary>How a sequence model carries its state.</summary>
public sealed record SequenceOptions
{
    /// <summary>Most devices whose state is kept; a new one beyond them is refused, since dropping another's state would change its answers unseen.</summary>
    [Range(1, 1_000_000)]
    public int DevicesMax { get; init; } = 10_000;

    /// <summary>Most bytes of one device's state; caches that grow with every call end here.</summary>
    [Range(4, 64 * 1024 * 1024)]
    public int StateBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Which output is the next call's input, by name; empty: found by names that differ by an ending only, such as <c>h</c> and <c>hn</c>, <c>c_in</c> and <c>c_out</c>.</summary>
    public IReadOnlyList<(string Input, string Output)> States { get; init; } = [];

    /// <summary>Whether inputs may hold NaN, because the model knows missing values.</summary>
    public bool TakesMissing { get; init; }
}
