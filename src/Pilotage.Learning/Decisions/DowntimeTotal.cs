namespace Pilotage.Learning.Decisions;

/// <summary>Downtime of a fleet under one policy: sums over lives, and rates per 1,000 cycles run.</summary>
public readonly record struct DowntimeTotal(double Cycles, double Hours, double UnplannedHours, int Failures, int Lives)
{
    /// <summary>All hours, planned and unplanned, per 1,000 cycles run.</summary>
    public double HoursPer1000 => Cycles > 0 ? 1000 * Hours / Cycles : 0;

    public double UnplannedHoursPer1000 => Cycles > 0 ? 1000 * UnplannedHours / Cycles : 0;

    public static DowntimeTotal Of(IEnumerable<LifeOutcome> outcomes)
    {
        var total = default(DowntimeTotal);
        foreach (var outcome in outcomes)
        {
            total += outcome;
        }

        return total;
    }

    public static DowntimeTotal operator +(DowntimeTotal total, LifeOutcome outcome) => new(
        total.Cycles + outcome.Cycles,
        total.Hours + outcome.Hours,
        total.UnplannedHours + outcome.UnplannedHours,
        total.Failures + (outcome.Unplanned ? 1 : 0),
        total.Lives + 1);
}
