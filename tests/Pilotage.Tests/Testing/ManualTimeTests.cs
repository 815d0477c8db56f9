using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Testing;

public sealed class ManualTimeTests
{
    [Fact]
    public void After_a_standstill_each_timer_is_called_once()
    {
        var time = new ManualTime();
        var calls = 0;
        using var timer = time.CreateTimer(_ => calls++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        time.StandStill(TimeSpan.FromSeconds(60));
        Assert.Equal((1, 60.0), (calls, time.GetElapsedTime(0).TotalSeconds));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, calls);
    }

    private readonly ManualTime _time = new();

    [Fact]
    public void Timers_fire_at_their_moment_and_in_order()
    {
        var start = _time.GetUtcNow();
        var seen = new List<(string, double)>();
        using var late = _time.CreateTimer(_ => seen.Add(("late", (_time.GetUtcNow() - start).TotalSeconds)), null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        using var every = _time.CreateTimer(_ => seen.Add(("every", (_time.GetUtcNow() - start).TotalSeconds)), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));

        _time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal([("every", 2), ("every", 4), ("late", 5), ("every", 6)], seen);
        Assert.Equal(start + TimeSpan.FromSeconds(6), _time.GetUtcNow());
        Assert.Equal(1, _time.ArmedTimers);
    }

    [Fact]
    public async Task Delays_and_periodic_timers_run_on_it()
    {
        var delay = Task.Delay(TimeSpan.FromHours(1), _time);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.False(delay.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(1));
        await delay;
    }

    [Fact]
    public void A_jump_of_the_wall_clock_moves_no_timer()
    {
        var fired = 0;
        using var timer = _time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        var before = _time.GetTimestamp();
        _time.Jump(_time.GetUtcNow().AddYears(10));
        Assert.Equal(0, fired);
        Assert.Equal(TimeSpan.Zero, _time.GetElapsedTime(before));
    }
}
