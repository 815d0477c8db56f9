using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Simulation.Gateway;

/// <summary>P13 for the gateway: its clocks jump by years, go back, stand still; nothing is lost that has not expired, no timer sticks or storms.</summary>
public sealed class ClockScheduleTests(ITestOutputHelper output)
{
    [Fact]
    public async Task What_lives_for_a_time_lives_exactly_that_long_whatever_the_wall_clock_does()
    {
        var (jumps, restarts, judged) = (0, 0, 0);
        var seeds = TestSize.Cases(600, 20_000).ToList();
        foreach (var seed in seeds)
        {
            var story = new ClockStory(seed);
            await story.RunAsync();
            Assert.True(story.Violations.Count == 0, $"seed {seed}: {string.Join("; ", story.Violations.Take(5))}");
            (jumps, restarts, judged) = (jumps + story.Jumps, restarts + story.Restarts, judged + story.Judged);
        }

        output.WriteLine($"{jumps} jumps and stops of the clock, {restarts} restarts, {judged} lives judged");
        output.WriteLine(PromiseTotals.Line("P13", ("schedules", seeds.Count), ("lives judged", judged)));
        Assert.True(jumps > seeds.Count && restarts > seeds.Count && judged > 10 * seeds.Count, "too little happened");
    }

    [Fact]
    public async Task Every_timer_of_a_connection_keeps_its_time_whatever_the_wall_clock_does()
    {
        var seeds = TestSize.Cases(300, 10_000).ToList();
        var timers = 0;
        foreach (var seed in seeds)
        {
            await using var story = await TimerStory.BeginAsync(seed);
            try
            {
                await story.RunAsync();
            }
            catch (InvalidOperationException failed)
            {
                throw new InvalidOperationException($"seed {seed}, after {story.Timers} timers: {failed.Message}", failed);
            }

            timers += story.Timers;
        }

        output.WriteLine(PromiseTotals.Line("P13", ("schedules", seeds.Count), ("timers", timers)));
        Assert.True(timers >= 8 * seeds.Count, $"{timers} timers");
    }

    [Fact]
    public async Task After_a_standstill_nobody_is_cut_for_a_silence_that_was_the_brokers_own()
    {
        foreach (var seed in TestSize.Cases(10, 100))
        {
            await using var story = await TimerStory.BeginAsync(seed);
            await story.StandStillAsync();
        }
    }
}
