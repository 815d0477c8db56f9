namespace Pilotage.Server.Fabric.Findings;

/// <summary>Watches series as their points arrive: learns what is usual of each from its past alone, and says what is not.</summary>
/// <remarks>
/// A series has a fixed number of bytes in flat arrays; a point costs some tens of nanoseconds and no allocation. What is usual is a median
/// that moves by at most two percent a point, or the most that was seen and taken for the signal's own; what was found wrong is not learned
/// from, or by little, so that a habit becomes usual after some times and a fault does not at once. Not for more than one thread at a time.
/// </remarks>
internal sealed partial class SeriesTracks
{
    /// <summary>Points of a series before a value can be a spike or a silence a gap.</summary>
    public const int WarmUp = 64;

    /// <summary>Points that are summed up to be compared with those before.</summary>
    public const int BlockPoints = 16;

    /// <summary>Blocks before the rate and how much it varies are judged.</summary>
    public const int BlocksMin = 8;

    private const int SlotsAtFirst = 256;
    private const int ChangesMin = 30;

    // A run is too long at four times the longest usual one, and some more: of runs that end by chance, one in a million is.
    private const int RunFactor = 4;
    private const int RunMore = 12;
    private const double RunGrowth = 1.5;

    // With fewer changes than one in so many points, standing still says nothing.
    private const int PointsPerChangeMax = 33;

    // With fewer falls than one in so many changes, it counts up.
    private const int ChangesPerFall = 50;

    private const double GapFactor = 3;
    private const double SilenceFactor = 2;
    private const double Fading = 1e-4;
    private const double Turn = 0.25;
    private const double PaceAtFirst = 0.25;
    private const double Pace = 0.02;
    private const double NearPart = 0.25;

    private SeriesPulse[] _pulses = new SeriesPulse[SlotsAtFirst];
    private SeriesHabits[] _habits = new SeriesHabits[SlotsAtFirst];
    private Finding[]?[] _findings = new Finding[]?[SlotsAtFirst];
    private readonly Stack<int> _free = new();
    private int _used;
    private byte _epoch = 1;

    /// <summary>Series that are watched.</summary>
    public int Count => _used - _free.Count;

    /// <summary>Called for each finding that begins or happens.</summary>
    public Action<FindingKind>? Found { get; init; }

    /// <summary>Begins to watch a series; its place.</summary>
    public int Add(double low, double high, int unitSet)
    {
        if (!_free.TryPop(out var slot))
        {
            if (_used == _pulses.Length)
            {
                Array.Resize(ref _pulses, 2 * _used);
                Array.Resize(ref _habits, 2 * _used);
                Array.Resize(ref _findings, 2 * _used);
            }

            slot = _used++;
        }

        _pulses[slot] = new SeriesPulse { RunLimit = RunMore, Delay = long.MaxValue };
        _habits[slot] = new SeriesHabits { StuckValue = double.NaN };
        _findings[slot] = null;
        Describe(slot, low, high, unitSet);
        return slot;
    }

    /// <summary>Watches a series no more.</summary>
    public void Remove(int slot)
    {
        _findings[slot] = null;
        _free.Push(slot);
    }

    /// <summary>Says what bounds a series has, and which conversions may explain a jump of it.</summary>
    public void Describe(int slot, double low, double high, int unitSet)
    {
        (_pulses[slot].Low, _pulses[slot].High) = (low, high);
        _habits[slot].UnitSet = unitSet;
    }

    /// <summary>Says that points may have been missed: the next one of each series is not compared with the one before.</summary>
    public void Resume() => _epoch = _epoch == byte.MaxValue ? (byte)1 : (byte)(_epoch + 1);

    public ref readonly SeriesPulse PulseOf(int slot) => ref _pulses[slot];

    public ReadOnlySpan<Finding> FindingsOf(int slot) => _findings[slot];

    /// <summary>Looks at one point, as it arrived.</summary>
    /// <param name="slot">Place of its series.</param>
    /// <param name="timeNs">Device time.</param>
    /// <param name="receivedNs">When the edge, or the server where there is none, received it.</param>
    /// <param name="value">Its value; of one that is not finite only the time counts.</param>
    /// <param name="nowNs">Server time.</param>
    public void Take(int slot, long timeNs, long receivedNs, double value, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        if (pulse.Epoch != _epoch)
        {
            Begin(slot, timeNs, receivedNs, value, nowNs);
            return;
        }

        if (timeNs <= pulse.LastNs)
        {
            TakeLate(slot, timeNs, receivedNs, value, nowNs);
            return;
        }

        // Fast path: time moves on.
        var distance = (double)(timeNs - pulse.LastNs);
        if (distance > GapFactor * pulse.Interval && distance > SilenceFactor * pulse.Silence)
        {
            TakeSilence(slot, distance, timeNs, receivedNs, nowNs);
        }
        else
        {
            pulse.Marks &= ~(PulseMarks.AfterGap | PulseMarks.Late);
            var pace = (pulse.Seen < WarmUp ? PaceAtFirst : Pace) * pulse.Interval;
            pulse.Interval = pulse.Interval == 0 ? distance : Toward(pulse.Interval, distance, pace);
            pulse.Silence = distance > pulse.Silence ? distance : pulse.Silence - (Fading * pulse.Silence);
            pulse.Span += distance;
            pulse.Spans++;
        }

        (pulse.LastNs, pulse.LastReceivedNs) = (timeNs, receivedNs);
        pulse.Delay = Math.Min(pulse.Delay, receivedNs - timeNs);
        if (double.IsFinite(value))
        {
            TakeValue(slot, ref pulse, value, timeNs, nowNs);
        }

        if (++pulse.InBlock == BlockPoints)
        {
            EndBlock(slot, nowNs);
        }
    }

    private void TakeValue(int slot, ref SeriesPulse pulse, double value, long timeNs, long nowNs)
    {
        if (value < pulse.Low || value > pulse.High)
        {
            var bound = value < pulse.Low ? pulse.Low : pulse.High;
            Of(slot, FindingKind.OutOfRange).Happen(timeNs, nowNs, value, bound, FindingKinds.IncrementOf(FindingKind.OutOfRange));
            Found?.Invoke(FindingKind.OutOfRange);
        }

        pulse.Seen++;
        pulse.Values++;
        var change = value - pulse.Last;
        if (change == 0)
        {
            pulse.Zeros++;
            if (++pulse.Run >= pulse.RunLimit)
            {
                TakeRepetition(slot, timeNs);
            }
        }
        else
        {
            TakeChange(slot, ref pulse, value, change, nowNs);
        }

        if (pulse.UnitStep != 0)
        {
            FollowUnitStep(slot, value, change, timeNs);
        }
        else if (pulse.Excursion != 0)
        {
            FollowExcursion(slot, value, nowNs);
        }
        else if (change != 0)
        {
            LearnChange(slot, ref pulse, value, change, timeNs);
        }

        pulse.Bend += Math.Abs(change - (pulse.Last - pulse.Before));
        (pulse.Before, pulse.Last) = (pulse.Last, value);
        if (pulse.Excursion == 0)
        {
            pulse.Near += NearPart * (value - pulse.Near);
        }
    }

    private void TakeChange(int slot, ref SeriesPulse pulse, double value, double change, long nowNs)
    {
        if (pulse.Run > pulse.RunMax)
        {
            EndRun(slot, nowNs);
        }

        pulse.Run = 0;
        pulse.Changes++;
        pulse.Falls += change < 0 ? 1 : 0;

        if (pulse.Levels <= SeriesHabits.Few)
        {
            CountLevel(slot, value);
        }
    }

    private void LearnChange(int slot, ref SeriesPulse pulse, double value, double change, long timeNs)
    {
        var size = Math.Abs(change);
        if (size > JumpFactor * pulse.Step && size > PeakFactor * pulse.Peak && pulse.Seen >= BlockPoints && pulse.Levels > SeriesHabits.Few)
        {
            BeginExcursion(slot, value, timeNs);
            return;
        }

        var before = pulse.Last - pulse.Before;
        var peak = double.MinNative(size, Math.Abs(before));
        if (peak > pulse.Peak && change * before < 0)
        {
            pulse.Peak = peak;
        }

        pulse.Peak -= Fading * pulse.Peak;
        var pace = (pulse.Seen < WarmUp ? PaceAtFirst : Pace) * pulse.Step;
        pulse.Step = pulse.Step == 0 ? size : Toward(pulse.Step, size, pace);
        if (value < pulse.Least)
        {
            pulse.Least = value;
        }
        else if (value > pulse.Most)
        {
            pulse.Most = value;
        }
    }

    /// <summary>A step of what is usual toward what came, so small that where it settles is near the median.</summary>
    private static double Toward(double usual, double value, double pace) =>
        // Native: neither is NaN, and there is nothing to branch on.
        usual + double.MinNative(pace, double.MaxNative(-pace, Turn * (value - usual)));

    /// <summary>The first point of a series, or the first one after points may have been missed.</summary>
    private void Begin(int slot, long timeNs, long receivedNs, double value, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        if (!double.IsFinite(value))
        {
            return;
        }

        if (pulse.Seen == 0)
        {
            (pulse.Least, pulse.Most) = (value, value);
            habits.Levels[pulse.Levels++] = value;
        }
        else if (pulse.Marks.HasFlag(PulseMarks.Stuck) && value != pulse.Last)
        {
            EndRun(slot, nowNs);
        }

        pulse.Epoch = _epoch;
        (pulse.LastNs, pulse.LastReceivedNs) = (timeNs, receivedNs);
        (pulse.Last, pulse.Before, pulse.Near) = (value, value, value);
        (pulse.Excursion, pulse.UnitStep, habits.Late) = (0, 0, 0);
        pulse.Run = pulse.Marks.HasFlag(PulseMarks.Stuck) ? pulse.Run : 0;
        pulse.Seen++;
        BeginBlock(slot);
    }

    /// <summary>Too many repetitions, if repetitions say anything of this series.</summary>
    private void TakeRepetition(int slot, long timeNs)
    {
        ref var pulse = ref _pulses[slot];
        if (pulse.Marks.HasFlag(PulseMarks.Stuck))
        {
            Of(slot, FindingKind.Stuck).LastNs = timeNs;
            return;
        }

        var varies = pulse.Changes >= ChangesMin && (long)pulse.Changes * PointsPerChangeMax >= pulse.Seen - pulse.Run;
        if (!varies || IsStates(slot) || IsCounter(slot))
        {
            // Asked again when the run is twice as long.
            pulse.RunLimit = pulse.Run >= int.MaxValue / 2 ? int.MaxValue : 2 * pulse.Run;
            return;
        }

        pulse.Marks |= PulseMarks.Stuck;
        Of(slot, FindingKind.Stuck).Begin(timeNs - (long)(pulse.Run * pulse.Interval), timeNs, pulse.Last, pulse.RunMax);
        Found?.Invoke(FindingKind.Stuck);
    }

    /// <summary>The end of a run longer than usual: learned as it is, or by little where it was found too long.</summary>
    private void EndRun(int slot, long nowNs)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        if (!pulse.Marks.HasFlag(PulseMarks.Stuck))
        {
            pulse.RunMax = pulse.Run;
        }
        else
        {
            // A second time at the same value is a state of rest; anything else takes several times to be taken for a habit.
            var limit = habits.StuckValue == pulse.Last ? pulse.Run : (int)((RunGrowth * pulse.RunLimit) - RunMore) / RunFactor;
            pulse.RunMax = Math.Max(pulse.RunMax, Math.Min(limit, pulse.Run));
            habits.StuckValue = pulse.Last;
            pulse.Marks &= ~PulseMarks.Stuck;
            Of(slot, FindingKind.Stuck).End(nowNs);
        }

        pulse.RunLimit = (int)Math.Min(int.MaxValue, ((long)RunFactor * pulse.RunMax) + RunMore);
    }

    private void CountLevel(int slot, double value)
    {
        ref var pulse = ref _pulses[slot];
        ref var habits = ref _habits[slot];
        for (var i = 0; i < pulse.Levels; i++)
        {
            if (habits.Levels[i] == value)
            {
                return;
            }
        }

        if (pulse.Levels < SeriesHabits.Few)
        {
            habits.Levels[pulse.Levels] = value;
        }

        pulse.Levels++;
    }

    private bool IsStates(int slot) => _pulses[slot].Levels <= SeriesHabits.Few;

    private bool IsCounter(int slot) => _pulses[slot].Changes >= BlockPoints && (long)_pulses[slot].Falls * ChangesPerFall < _pulses[slot].Changes;

    private ref Finding Of(int slot, FindingKind kind)
    {
        var findings = _findings[slot] ??= new Finding[FindingKinds.All.Count];
        return ref findings[(int)kind];
    }

    private bool IsActive(int slot, FindingKind kind) => _findings[slot]?[(int)kind].IsActive == true;
}
