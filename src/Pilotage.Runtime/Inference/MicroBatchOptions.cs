using System.ComponentModel.DataAnnotations;

namespace Pilotage.Runtime.Inference;

/// <summary>How rows of many devices are put together.</summary>
public sealed record MicroBatchOptions
{
    /// <summary>Rows that make a call; it is also bounded by the model's own <c>BatchRowsMax</c>.</summary>
    [Range(1, 4096)]
    public int RowsMax { get; init; } = 64;

    /// <summary>Longest a row waits for others; then whatever is there is run. Timers of the system are as fine as a millisecond.</summary>
    public TimeSpan WaitMax { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Most rows that wait, those included that came while a call ran; one more is refused.</summary>
    [Range(1, 1_048_576)]
    public int QueueRowsMax { get; init; } = 1024;

    /// <summary>Whether rows may hold NaN, because the model knows missing values; infinities are refused then too.</summary>
    public bool TakesMissing { get; init; }
}
