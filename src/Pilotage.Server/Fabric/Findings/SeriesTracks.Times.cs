namespace Pilotage.Server.Fabric.Findings;

/// <content>Times: silences, late points, and the device's clock.</content>
internal sealed partial class SeriesTracks
{
    private const long NsPerSecond = 1_000_000_000;

    // Less than this no clock is blamed for: it is what NTP in a plant, and a slow network, come to.
    private const long SkewMinNs = 2 * NsPerSecond;
    private const long AheadMaxNs = 5 * NsPerSecond;
    private const int DelayBlocksMin = 4;
    private const int LateMin = 32;
    private const double SilenceGrowth = 1.3;

    // A device's time passes as ours does, within this; a backlog that comes in all at once passes faster.
    private const double SteadyLeast = 0.8;
    private const double SteadyMost = 1.25;

    /// <summary>A distance that is longer than usual.</summary>
    private void TakeSilence(int slot, double distance, long timeNs, long receivedNs, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        if (pulse.Seen < WarmUp)
        {
            var pace = PaceAtFirst * pulse.Interval;
            pulse.Interval = pulse.Interval == 0 ? distance : pulse.Interval + Math.Min(Turn * (distance - pulse.Interval), pace);
            pulse.Silence = Math.Max(pulse.Silence, distance);
            return;
        }

        // A clock that was set forward, and is ahead of ours now, leaves out time without a silence.
        if (receivedNs - timeNs < -SkewMinNs)
        {
            return;
        }

        if (pulse.Marks.HasFlag(PulseMarks.AfterGap))
        {
            // One after the other is another rate.
            pulse.Silence = Math.Max(pulse.Silence, distance);
            return;
        }

        pulse.Marks |= PulseMarks.AfterGap;
        pulse.Silence = Math.Max(pulse.Silence, Math.Min(distance, SilenceGrowth * pulse.Silence));
        ref var gap = ref Of(slot, FindingKind.Gap);
        ref var habits = ref _habits[slot];
        (habits.GapFromNs, habits.GapToNs, habits.GapLevel, habits.GapLevelAtNs) = (pulse.LastNs, timeNs, gap.Level, gap.LevelAtNs);
        gap.Happen(timeNs, nowNs, distance / NsPerSecond, pulse.Interval / NsPerSecond, FindingKinds.IncrementOf(FindingKind.Gap));
        Found?.Invoke(FindingKind.Gap);
    }

    /// <summary>A point that is no later than the last one: nothing is learned from its value.</summary>
    private void TakeLate(int slot, long timeNs, long receivedNs, double value, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        if (timeNs == pulse.LastNs)
        {
            if (value != pulse.Last && double.IsFinite(value))
            {
                Of(slot, FindingKind.Contradiction).Happen(timeNs, nowNs, value, pulse.Last, FindingKinds.IncrementOf(FindingKind.Contradiction));
                Found?.Invoke(FindingKind.Contradiction);
            }

            return;
        }

        if (timeNs > habits.GapFromNs && timeNs < habits.GapToNs)
        {
            // It was no silence: the points took another way.
            ref var gap = ref Of(slot, FindingKind.Gap);
            (gap.Count, gap.Level, gap.LevelAtNs, habits.GapToNs) = (gap.Count - 1, habits.GapLevel, habits.GapLevelAtNs, 0);
        }

        if (!pulse.Marks.HasFlag(PulseMarks.Late) || habits.Late == 0 || timeNs <= habits.LateNs)
        {
            pulse.Marks |= PulseMarks.Late;
            (habits.Late, habits.LateFirstNs, habits.LateFirstReceivedNs) = (0, timeNs, receivedNs);
        }

        habits.LateNs = timeNs;
        if (++habits.Late < LateMin)
        {
            return;
        }

        if (IsSteady(timeNs - habits.LateFirstNs, receivedNs - habits.LateFirstReceivedNs))
        {
            var back = (habits.LateFirstReceivedNs - habits.LateFirstNs) - (pulse.LastReceivedNs - pulse.LastNs);
            BeginSkew(slot, habits.LateFirstNs, timeNs, back, 0, false);
            pulse.Epoch = 0;
            Begin(slot, timeNs, receivedNs, value, nowNs);
        }

        habits.Late = 0;
    }

    /// <summary>Compares the least delay of a block with what was usual; only where device time passed as ours did.</summary>
    private void JudgeDelay(int slot, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        var delay = pulse.Delay;
        var isAhead = delay < -AheadMaxNs;
        if (delay == long.MaxValue || (!isAhead && !IsSteady(pulse.LastNs - habits.BlockNs, pulse.LastReceivedNs - habits.BlockReceivedNs)))
        {
            return;
        }

        var isNow = Math.Abs(delay) <= SkewMinNs;
        if (habits.DelayBlocks == 0 || (isNow && (delay < habits.DelayMin - SkewMinNs || delay > habits.DelayMax + SkewMinNs)))
        {
            // The first, or right at last: what is right needs no habit.
            (habits.DelayMin, habits.DelayMax, habits.DelayBlocks) = (delay, delay, Math.Max(1, habits.DelayBlocks));
        }

        var margin = Math.Max(SkewMinNs, 2 * (habits.DelayMax - habits.DelayMin));
        var isOff = !isNow && (isAhead || (habits.DelayBlocks >= DelayBlocksMin && (delay < habits.DelayMin - margin || delay > habits.DelayMax + margin)));
        if (!isOff)
        {
            EndSkew(slot, nowNs);
            if (habits.DelayBlocks < DelayBlocksMin)
            {
                (habits.DelayMin, habits.DelayMax) = (Math.Min(delay, habits.DelayMin), Math.Max(delay, habits.DelayMax));
                habits.DelayBlocks++;
            }

            (habits.DelayOff, habits.DelayBefore) = (0, delay);
            return;
        }

        var usual = habits.DelayMin + ((habits.DelayMax - habits.DelayMin) / 2);
        if (habits.DelayOff++ == 0)
        {
            habits.DelayOffNs = habits.BlockNs;
        }
        else if (IsActive(slot, FindingKind.ClockSkew))
        {
            ref var finding = ref Of(slot, FindingKind.ClockSkew);
            (finding.LastNs, finding.Value) = (pulse.LastNs, (double)-delay / NsPerSecond);
        }
        else
        {
            // It was near the edge already before it was off: it came little by little.
            var drifts = Math.Abs(habits.DelayBefore - usual) > margin / 2;
            BeginSkew(slot, habits.DelayOffNs, pulse.LastNs, delay, usual, drifts);
        }
    }

    private void BeginSkew(int slot, long sinceNs, long timeNs, long delay, long usual, bool drifts)
    {
        ref var finding = ref Of(slot, FindingKind.ClockSkew);
        if (!finding.IsActive)
        {
            finding.Begin(sinceNs, timeNs, (double)-delay / NsPerSecond, (double)-usual / NsPerSecond);
            finding.Detail = drifts ? 1 : 0;
            Found?.Invoke(FindingKind.ClockSkew);
        }
    }

    private void EndSkew(int slot, long nowNs)
    {
        if (IsActive(slot, FindingKind.ClockSkew))
        {
            Of(slot, FindingKind.ClockSkew).End(nowNs);
        }
    }

    private static bool IsSteady(long device, long ours) => ours > 0 && device >= SteadyLeast * ours && device <= SteadyMost * ours;
}
