namespace Pilotage.Server.Fabric.Findings;

/// <content>Blocks of points: how much a series varies, and at which rate it comes.</content>
internal sealed partial class SeriesTracks
{
    private const double CollapseFactor = 8;
    private const double CollapseHealed = 4;
    private const double CollapseLearned = 0.8;
    private const double RateFactor = 1.6;
    private const int BlocksInRow = 2;

    // A rate that holds for so many blocks is the usual one from then on; so is a unit.
    private const int RateBlocksMax = 64;
    private const int UnitBlocksMax = 256;
    private const double Relaxing = 0.002;
    private const int SeenMax = 1 << 20;

    private void BeginBlock(int slot)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        (pulse.InBlock, pulse.Spans, pulse.Values, pulse.Zeros) = (0, 0, 0, 0);
        (pulse.Bend, pulse.Span, pulse.Delay) = (0, 0, long.MaxValue);
        (habits.BlockNs, habits.BlockReceivedNs) = (pulse.LastNs, pulse.LastReceivedNs);
    }

    private void EndBlock(int slot, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        JudgeBend(slot, nowNs);
        JudgeRate(slot, nowNs);
        JudgeDelay(slot, nowNs);
        habits.Blocks++;
        if (IsActive(slot, FindingKind.UnitJump) && habits.Blocks - habits.UnitBlock > UnitBlocksMax)
        {
            Of(slot, FindingKind.UnitJump).End(nowNs);
        }

        if (pulse.Seen > SeenMax)
        {
            (pulse.Seen, pulse.Changes, pulse.Falls) = (pulse.Seen / 2, pulse.Changes / 2, pulse.Falls / 2);
        }

        BeginBlock(slot);
    }

    /// <summary>Compares how sharply values turn with the least of all blocks before: of noise it is its size, of a ramp nothing.</summary>
    private void JudgeBend(int slot, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        if (pulse.Values < BlockPoints / 2 || pulse.Zeros >= pulse.Values / 2 || IsStates(slot) || IsCounter(slot))
        {
            return;
        }

        var bend = pulse.Bend / pulse.Values;
        var isActive = IsActive(slot, FindingKind.Flatline);
        if (habits.Blocks >= BlocksMin && bend < habits.BendMin / (isActive ? CollapseHealed : CollapseFactor))
        {
            if (habits.BendLow++ == 0)
            {
                habits.BendLowNs = habits.BlockNs;
            }

            if (isActive)
            {
                Of(slot, FindingKind.Flatline).LastNs = pulse.LastNs;
            }
            else if (habits.BendLow >= BlocksInRow)
            {
                Of(slot, FindingKind.Flatline).Begin(habits.BendLowNs, pulse.LastNs, bend, habits.BendMin);
                Found?.Invoke(FindingKind.Flatline);
            }

            return;
        }

        if (isActive)
        {
            Of(slot, FindingKind.Flatline).End(nowNs);
            habits.BendMin *= CollapseLearned;
        }

        habits.BendLow = 0;
        if (habits.BendNext > 0)
        {
            habits.BendMin = habits.BendMin == 0 ? habits.BendNext : Math.Min(habits.BendNext, habits.BendMin * (1 + Relaxing));
        }

        habits.BendNext = bend;
    }

    /// <summary>Compares the mean distance of points with those of all blocks before; gaps are left out.</summary>
    private void JudgeRate(int slot, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        if (pulse.Spans < BlockPoints / 2)
        {
            return;
        }

        var span = pulse.Span / pulse.Spans;
        var isOff = habits.Blocks >= BlocksMin && (span > RateFactor * habits.SpanMax || span < habits.SpanMin / RateFactor);
        var isActive = IsActive(slot, FindingKind.RateChange);
        if (!isOff || (isActive && habits.SpanOff >= RateBlocksMax))
        {
            LearnRate(ref habits, span);
            if (isActive)
            {
                Of(slot, FindingKind.RateChange).End(nowNs);
            }

            return;
        }

        if (habits.SpanOff++ == 0)
        {
            habits.SpanOffNs = habits.BlockNs;
        }

        if (isActive)
        {
            ref var finding = ref Of(slot, FindingKind.RateChange);
            (finding.LastNs, finding.Value) = (pulse.LastNs, span / NsPerSecond);
        }
        else if (habits.SpanOff >= BlocksInRow)
        {
            var usual = span > habits.SpanMax ? habits.SpanMax : habits.SpanMin;
            Of(slot, FindingKind.RateChange).Begin(habits.SpanOffNs, pulse.LastNs, span / NsPerSecond, usual / NsPerSecond);
            Found?.Invoke(FindingKind.RateChange);
        }
    }

    private static void LearnRate(ref SeriesHabits habits, double span)
    {
        var next = habits.SpanNext;
        if (habits.SpanOff >= RateBlocksMax || (habits.SpanMin == 0 && next > 0))
        {
            (habits.SpanMin, habits.SpanMax) = (span, span);
        }
        else if (next > 0)
        {
            (habits.SpanMin, habits.SpanMax) = (Math.Min(next, habits.SpanMin * (1 + Relaxing)), Math.Max(next, habits.SpanMax * (1 - Relaxing)));
        }

        (habits.SpanNext, habits.SpanOff) = (span, 0);
    }
}
