using Pilotage.Server.Rollouts;
using Xunit;

namespace Pilotage.Tests.Server.Rollouts;

public sealed class WavePlannerTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("1.5")]
    [InlineData("101%")]
    [InlineData("-3")]
    [InlineData("all")]
    [InlineData("%")]
    [InlineData("NaN")]
    public void Refuses_a_size_that_is_none(string size) => Assert.Equal("rollout.wave_size", WaveSize.Parse(size).Refusal.Code);

    [Fact]
    public void Draws_every_wave_across_the_strata_in_proportion()
    {
        var targets = Enumerable.Range(0, 1000).Select(i => new RolloutTarget("d" + i, "e" + i, i < 250 ? "arm" : "x64")).ToList();

        var waves = WavePlanner.Plan(targets, Sizes("20", "10%", "rest"), new Random(1)).Value;

        Assert.Equal([20, 100, 880], waves.Select(wave => wave.Count));
        Assert.InRange(waves[0].Count(target => target.Stratum == "arm"), 4, 6);
        Assert.InRange(waves[1].Count(target => target.Stratum == "arm"), 24, 26);
    }

    [Fact]
    public void Names_everybody_exactly_once()
    {
        var targets = Enumerable.Range(0, 37).Select(i => new RolloutTarget("d" + i, "e", i % 3 == 0 ? "a" : "b")).ToList();

        var waves = WavePlanner.Plan(targets, Sizes("2", "10%", "50%", "rest"), new Random(1)).Value;

        Assert.Equal(targets.Select(target => target.Device).Order(), waves.SelectMany(wave => wave).Select(target => target.Device).Order());
    }

    [Fact]
    public void Refuses_a_rollout_to_nobody() => Assert.Equal("rollout.no_targets", WavePlanner.Plan([], Sizes("rest"), new Random(1)).Refusal.Code);

    [Fact]
    public void Refuses_a_device_named_twice() =>
        Assert.Equal("rollout.device_twice", WavePlanner.Plan([new("d", "e", ""), new("d", "f", "")], Sizes("rest"), new Random(1)).Refusal.Code);

    [Fact]
    public void Refuses_waves_that_leave_somebody_out() =>
        Assert.Equal("rollout.waves_leave_out", WavePlanner.Plan([new("d", "e", ""), new("f", "f", "")], Sizes("1"), new Random(1)).Refusal.Code);

    private static List<WaveSize> Sizes(params string[] sizes) => [.. sizes.Select(size => WaveSize.Parse(size).Value)];
}
