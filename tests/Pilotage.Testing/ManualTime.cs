namespace Pilotage.Testing;

/// <summary>A clock driven by hand: time stands still until <see cref="Advance"/>, which fires what falls due, in order.</summary>
public sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now;
    private long _elapsedTicks;

    public ManualTime()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public ManualTime(DateTimeOffset start) => _now = start;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that are armed.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count(timer => timer.DueTicks is not null);
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _elapsedTicks;
        }
    }

    /// <summary>Lets time pass; every timer that falls due on the way is called at its own moment.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long target;
        lock (_gate)
        {
            target = _elapsedTicks + by.Ticks;
        }

        while (NextDue(target) is { } timer)
        {
            timer.Fire();
        }

        lock (_gate)
        {
            MoveTo(target);
        }
    }

    /// <summary>The process stands still: time passes unseen, and each timer that fell due is called once, afterwards.</summary>
    public void StandStill(TimeSpan @for)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(@for, TimeSpan.Zero);
        List<ManualTimer> due;
        lock (_gate)
        {
            MoveTo(_elapsedTicks + @for.Ticks);
            due = [.. _timers.Where(timer => timer.DueTicks <= _elapsedTicks).OrderBy(timer => timer.DueTicks)];
            due.ForEach(timer => timer.Rearm(from: _elapsedTicks));
        }

        due.ForEach(timer => timer.Fire());
    }

    /// <summary>Sets the wall clock, forwards or backwards, as an operator or NTP would; timers do not notice.</summary>
    public void Jump(DateTimeOffset now)
    {
        lock (_gate)
        {
            _now = now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        lock (_gate)
        {
            _timers.Add(timer);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    private ManualTimer? NextDue(long target)
    {
        lock (_gate)
        {
            ManualTimer? next = null;
            foreach (var timer in _timers)
            {
                if (timer.DueTicks <= target && (next is null || timer.DueTicks < next.DueTicks))
                {
                    next = timer;
                }
            }

            if (next is not null)
            {
                MoveTo(Math.Max(next.DueTicks!.Value, _elapsedTicks));
                next.Rearm(from: next.DueTicks!.Value);
            }

            return next;
        }
    }

    private void MoveTo(long ticks)
    {
        _now += TimeSpan.FromTicks(ticks - _elapsedTicks);
        _elapsedTicks = ticks;
    }

    private sealed class ManualTimer(ManualTime owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public long? DueTicks { get; private set; }

        public void Fire() => callback(state);

        public void Rearm(long from) => DueTicks = _period > TimeSpan.Zero ? from + _period.Ticks : null;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                DueTicks = dueTime == Timeout.InfiniteTimeSpan ? null : owner._elapsedTicks + dueTime.Ticks;
                _period = period;
                return true;
            }
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                DueTicks = null;
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
