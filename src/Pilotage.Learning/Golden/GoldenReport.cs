namespace Pilotage.Learning.Golden;

/// <summary>How a model answered its golden set.</summary>
/// <param name="Rows">Rows asked.</param>
/// <param name="MaxError">Largest error over all rows, measured as the set's tolerance is; <see cref="Unanswered"/> when a row could not be answered.</param>
/// <param name="Pass">Whether every row was within tolerance.</param>
/// <param name="Reason">Why not, in a sentence.</param>
public sealed record GoldenReport(int Rows, double MaxError, bool Pass, string? Reason)
{
    /// <summary>Stands for an error beyond measure; finite, because JSON has no infinity.</summary>
    public const double Unanswered = double.MaxValue;

    internal static GoldenReport Failed(int rows, string reason) => new(rows, Unanswered, Pass: false, reason);
}
