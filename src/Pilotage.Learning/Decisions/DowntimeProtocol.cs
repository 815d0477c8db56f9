namespace Pilotage.Learning.Decisions;

/// <summary>The rules by which a replay turns alarms into hours of downtime.</summary>
/// <param name="LeadCycles">Cycles from an alarm until the work is done.</param>
/// <param name="UnplannedHours">Hours a machine stands after failing in service.</param>
/// <param name="PlannedHours">Hours it stands for work done in time.</param>
/// <remarks>
/// Work counts as planned only before the last cycle of a life; at or after it the machine has already failed. Work
/// ends a life: what follows it did not happen, so the cycles given up count against the policy.
/// </remarks>
public sealed record DowntimeProtocol(int LeadCycles, double UnplannedHours, double PlannedHours)
{
    /// <summary>A life in which nothing is ever done in time.</summary>
    public LifeOutcome RunToFailure(Life life) =>
        new(life.Cycles, life.Failed ? UnplannedHours : 0, life.Failed);

    /// <summary>A life with work at a cycle fixed beforehand, if it gets that far.</summary>
    public LifeOutcome WorkAt(Life life, int cycle) =>
        cycle < life.Cycles ? new LifeOutcome(cycle, PlannedHours, false) : RunToFailure(life);

    /// <summary>A life whose alarm came at a cycle, or never.</summary>
    public LifeOutcome Alarmed(Life life, int? cycle) =>
        cycle is { } alarm ? WorkAt(life, alarm + LeadCycles) : RunToFailure(life);

    /// <summary>The least downtime anyone could reach: an alarm exactly in time for the last possible work.</summary>
    /// <remarks>A life shorter than the lead ends in failure even so, and one that never failed needs no work.</remarks>
    public LifeOutcome PerfectKnowledge(Life life) =>
        life.Failed && life.Cycles - 1 - LeadCycles >= 1 ? WorkAt(life, life.Cycles - 1) : RunToFailure(life);
}
