using Pilotage.Learning.Decisions;

namespace Pilotage.Server.Portfolio.Value;

/// <summary>What each policy made of one and the same life.</summary>
public sealed record ComparedLife(
    Life Life, LifeOutcome RunToFailure, LifeOutcome Fixed, LifeOutcome Sensor, LifeOutcome Model, LifeOutcome Perfect)
{
    /// <summary>Replays one life under all policies; an alarm that never came is null.</summary>
    public static ComparedLife Of(
        Life life, DowntimeProtocol protocol, int interval, int? sensorAlarm, int? modelAlarm) => new(
        life,
        protocol.RunToFailure(life),
        protocol.WorkAt(life, interval),
        protocol.Alarmed(life, sensorAlarm),
        protocol.Alarmed(life, modelAlarm),
        protocol.PerfectKnowledge(life));
}

/// <summary>The policies side by side over a fleet; parts of a cross-fit are simply put together.</summary>
public sealed class PolicyOutcomes(IReadOnlyList<ComparedLife> lives)
{
    public IReadOnlyList<ComparedLife> Lives { get; } = lives.Count > 0
        ? lives
        : throw new ArgumentException("There is no life to compare policies on.", nameof(lives));

    public DowntimeTotal RunToFailure => Total(life => life.RunToFailure);

    public DowntimeTotal Fixed => Total(life => life.Fixed);

    public DowntimeTotal Sensor => Total(life => life.Sensor);

    public DowntimeTotal Model => Total(life => life.Model);

    public DowntimeTotal Perfect => Total(life => life.Perfect);

    /// <summary>Machines, each counted once however many lives it lived.</summary>
    public int Units => Lives.Select(life => life.Life.Unit).Distinct().Count();

    public DowntimeTotal Total(Func<ComparedLife, LifeOutcome> policy) => DowntimeTotal.Of(Lives.Select(policy));

    /// <summary>The model's total had one more of its lives failed: the one that would have cost the most.</summary>
    public DowntimeTotal ModelWithOneMoreFailure(DowntimeProtocol protocol)
    {
        var model = Model;
        return Lives
            .Where(life => !life.Model.Unplanned && life.Life.Failed)
            .Select(life => Swap(model, life.Model, protocol.RunToFailure(life.Life)))
            .Append(model)
            .MaxBy(total => total.HoursPer1000);
    }

    private static DowntimeTotal Swap(DowntimeTotal total, LifeOutcome was, LifeOutcome becomes) => new DowntimeTotal(
        total.Cycles - was.Cycles,
        total.Hours - was.Hours,
        total.UnplannedHours - was.UnplannedHours,
        total.Failures,
        total.Lives - 1) + becomes;
}
