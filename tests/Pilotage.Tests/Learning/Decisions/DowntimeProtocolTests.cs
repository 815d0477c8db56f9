using Pilotage.Learning.Decisions;
using Xunit;

namespace Pilotage.Tests.Learning.Decisions;

public sealed class DowntimeProtocolTests
{
    private static readonly DowntimeProtocol Protocol = new(LeadCycles: 10, UnplannedHours: 10, PlannedHours: 2);
    private static readonly Life Life = new("a", 200);

    [Fact]
    public void Counts_work_as_planned_only_before_the_last_cycle()
    {
        Assert.Equal(new LifeOutcome(199, 2, false), Protocol.Alarmed(Life, 189));
        Assert.Equal(new LifeOutcome(200, 10, true), Protocol.Alarmed(Life, 190));
        Assert.Equal(new LifeOutcome(200, 10, true), Protocol.Alarmed(Life, null));
    }

    [Fact]
    public void Gives_up_the_cycles_after_early_work() =>
        Assert.Equal(new LifeOutcome(60, 2, false), Protocol.Alarmed(Life, 50));

    [Fact]
    public void Lets_nobody_do_better_than_perfect_knowledge()
    {
        Assert.Equal(new LifeOutcome(199, 2, false), Protocol.PerfectKnowledge(Life));
        // Too short for any alarm to come in time: knowing everything would not have helped.
        Assert.Equal(new LifeOutcome(11, 10, true), Protocol.PerfectKnowledge(new Life("b", 11)));
    }

    [Fact]
    public void Charges_no_failure_to_a_life_that_was_never_seen_to_end()
    {
        var running = new Life("c", 80, Failed: false);

        Assert.Equal(new LifeOutcome(80, 0, false), Protocol.Alarmed(running, null));
        Assert.Equal(new LifeOutcome(60, 2, false), Protocol.Alarmed(running, 50));
    }

    [Fact]
    public void Chooses_the_interval_with_the_least_downtime_per_cycle()
    {
        Life[] lives = [new("a", 100), new("b", 100), new("c", 101), new("d", 300)];

        // 99 keeps all four from failing; one cycle more and two fail.
        Assert.Equal(99, FixedInterval.Choose(lives, Protocol));
        Assert.Equal(8 / 396.0 * 1000, DowntimeTotal.Of(lives.Select(life => Protocol.WorkAt(life, 99))).HoursPer1000, 9);
    }

    [Fact]
    public void Accepts_a_failure_where_that_is_cheaper_than_replacing_early()
    {
        Life[] lives = [new("a", 20), .. Enumerable.Range(0, 20).Select(i => new Life($"b{i}", 300))];

        Assert.Equal(299, FixedInterval.Choose(lives, Protocol));
    }
}
