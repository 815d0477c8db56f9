namespace Pilotage.Server.Fabric.Findings;

/// <content>Large jumps: those that come back are spikes, those that stay may be another unit.</content>
internal sealed partial class SeriesTracks
{
    /// <summary>Points of a series before a step can be another unit: until then it has been at most of its levels.</summary>
    public const int UnitWarmUp = 512;

    private const double JumpFactor = 8;
    private const double PeakFactor = 1.7;
    private const double Returned = 0.35;
    private const int SpikePointsMax = 3;
    private const double PeakGrowth = 1.15;
    private const double PeakGrowthInRow = 1.5;
    private const double PeakOfStep = 5;

    // How near a level has to come to what a conversion makes of the one before: a few usual changes, and a small part of the jump at most.
    private const double NearSteps = 4;
    private const double NearLevel = 0.005;
    private const double NearJump = 0.05;

    // Where the usual change becomes so much larger or smaller too, chance is excluded by that, and less has to be by the level.
    private const double NearJumpLarge = 0.1;
    private const double FactorLarge = 3;
    private const double Exactly = 0.002;
    private const double FarSteps = 10;
    private const double StayedJump = 0.15;
    private const int UnitPoints = 16;
    private const double MovesLeast = 0.4;
    private const double MovesMost = 3;

    private void BeginExcursion(int slot, double value, long timeNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        pulse.Excursion = 1;
        (habits.JumpBase, habits.JumpNear, habits.JumpFirst, habits.JumpFarthest, habits.JumpSum) = (pulse.Last, pulse.Near, value, value, value);
        (habits.JumpNs, habits.JumpStep) = (timeNs, pulse.Step);
    }

    private void FollowExcursion(int slot, double value, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        var height = habits.JumpFarthest - habits.JumpBase;
        var now = value - habits.JumpBase;
        if (Math.Abs(now) <= Returned * Math.Abs(height))
        {
            pulse.Excursion = 0;
            TakeSpike(slot, Math.Abs(height), nowNs);
            return;
        }

        if (now / height > 1)
        {
            habits.JumpFarthest = value;
        }

        habits.JumpSum += value;
        if (++pulse.Excursion > SpikePointsMax)
        {
            pulse.Excursion = 0;
            TakeStep(slot, habits.JumpSum / (SpikePointsMax + 1), nowNs);
            (pulse.Least, pulse.Most) = (Math.Min(pulse.Least, value), Math.Max(pulse.Most, value));
            (pulse.Near, pulse.Step) = (value, (1 + Pace) * pulse.Step);
        }
    }

    /// <summary>A spike; before there was enough to compare with, the signal's own shape.</summary>
    private void TakeSpike(int slot, double height, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        if (pulse.Seen < WarmUp)
        {
            pulse.Peak = Math.Max(pulse.Peak, height);
            return;
        }

        // One right after the other is how it is from now on.
        var growth = pulse.Seen - habits.SpikeSeen < BlockPoints ? PeakGrowthInRow : PeakGrowth;
        habits.SpikeSeen = pulse.Seen;
        pulse.Peak = Math.Min(height, growth * Math.Max(pulse.Peak, PeakOfStep * pulse.Step));
        Of(slot, FindingKind.Spike).Happen(habits.JumpNs, nowNs, habits.JumpFarthest, habits.JumpBase, FindingKinds.IncrementOf(FindingKind.Spike));
        Found?.Invoke(FindingKind.Spike);
    }

    /// <summary>A jump that stays: back in its unit, or to a level it never had and that a conversion explains.</summary>
    private void TakeStep(int slot, double level, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        if (IsActive(slot, FindingKind.UnitJump))
        {
            if (level >= habits.LeastBefore && level <= habits.MostBefore)
            {
                ref var finding = ref Of(slot, FindingKind.UnitJump);
                finding.End(nowNs);
                Rescale(slot, 1 / UnitSteps.Of(finding.Detail).Factor, pulse.Step);
                (pulse.Least, pulse.Most) = (habits.LeastBefore, habits.MostBefore);
            }

            return;
        }

        var margin = NearSteps * habits.JumpStep;
        var isNew = level < pulse.Least - margin || level > pulse.Most + margin;
        if (pulse.Seen >= UnitWarmUp && isNew && !IsCounter(slot) && FindUnit(in habits, level) is { } unit)
        {
            pulse.UnitStep = 1;
            (habits.JumpUnit, habits.JumpMoves, habits.JumpSum) = (unit, 0, 0);
        }

    }

    /// <summary>The conversion that brings the value before to the first after the jump, or the mean before to the mean after, nearest.</summary>
    private static int? FindUnit(in SeriesHabits habits, double level)
    {
        var (found, best) = ((int?)null, 1.0);
        foreach (var at in UnitSteps.OfSet(habits.UnitSet))
        {
            var step = UnitSteps.Of(at);
            var off = Math.Min(Off(step, habits.JumpBase, habits.JumpFirst, habits.JumpStep), Off(step, habits.JumpNear, level, habits.JumpStep));
            if (off < best)
            {
                (found, best) = (at, off);
            }
        }

        return found;
    }

    /// <summary>How far a value is from what a conversion makes of another, as a part of what is allowed.</summary>
    private static double Off(UnitStep unit, double from, double to, double step)
    {
        var target = unit.Apply(from);
        var jump = Math.Abs(target - from);
        var part = unit.Factor is > FactorLarge or < 1 / FactorLarge ? NearJumpLarge : NearJump;
        var most = Math.Min(Math.Max(NearSteps * step * unit.Factor, NearLevel * Math.Abs(target)), part * jump);
        return jump > FarSteps * step ? Math.Abs(to - target) / most : double.PositiveInfinity;
    }

    /// <summary>Whether values stay where the conversion put them, and move as much as it lets them.</summary>
    private void FollowUnitStep(int slot, double value, double change, long timeNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        habits.JumpSum += value;
        habits.JumpMoves += Math.Abs(change);
        if (pulse.UnitStep++ < UnitPoints)
        {
            return;
        }

        pulse.UnitStep = 0;
        var step = UnitSteps.Of(habits.JumpUnit);
        var target = step.Apply(habits.JumpNear);
        var moves = habits.JumpMoves / UnitPoints / (step.Factor * habits.JumpStep * pulse.Changes / pulse.Seen);
        var isExact = Math.Abs(habits.JumpFirst - step.Apply(habits.JumpBase)) <= Exactly * Math.Abs(habits.JumpFirst - habits.JumpBase);
        var stays = Math.Abs((habits.JumpSum / UnitPoints) - target) <= StayedJump * Math.Abs(target - habits.JumpNear);
        if (!stays || !(isExact || moves is >= MovesLeast and <= MovesMost))
        {
            return;
        }

        ref var finding = ref Of(slot, FindingKind.UnitJump);
        finding.Begin(habits.JumpNs, timeNs, value, habits.JumpBase);
        finding.Detail = habits.JumpUnit;
        Found?.Invoke(FindingKind.UnitJump);
        (habits.LeastBefore, habits.MostBefore, habits.UnitBlock) = (Math.Min(habits.JumpBase, pulse.Least), Math.Max(habits.JumpBase, pulse.Most), habits.Blocks);
        Rescale(slot, step.Factor, habits.JumpStep);
        (pulse.Least, pulse.Most) = (value, value);
    }

    private void Rescale(int slot, double factor, double step)
    {
        ref var pulse = ref _pulses[slot];
        (pulse.Step, pulse.Peak) = (factor * step, factor * pulse.Peak);
        _habits[slot].BendMin *= factor;
    }
}
