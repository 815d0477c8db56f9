using Pilotage.Server.Rollouts;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Simulation.Rollouts;

/// <summary>P14 in small: hundreds of virtual devices against the production machine, with a network that repeats and reorders.</summary>
public sealed class RolloutSimulationTests
{
    [Fact]
    public void A_good_release_reaches_every_online_device_whatever_the_network_does()
    {
        foreach (var seed in TestSize.Cases(2, 100))
        {
            var world = new VirtualFleet(seed, devices: 800, badShare: 0);
            world.Run(days: 6);

            Assert.True(world.State.Status == RolloutStatus.Completed, $"seed {seed}: {world.State.Status} {world.State.Cause}");
            Assert.True(world.ConfirmedShareOfOnline >= 0.99, $"seed {seed}: {world.ConfirmedShareOfOnline:p1}");
            Assert.Empty(world.Violations);
        }
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.2)]
    [InlineData(1.0)]
    public void A_bad_release_stops_itself_inside_its_blast_radius(double badShare)
    {
        foreach (var seed in TestSize.Cases(12, 1_200))
        {
            var world = new VirtualFleet(seed, devices: 800, badShare);
            world.Run(days: 6);

            Assert.True(world.State.Status == RolloutStatus.Halted, $"seed {seed}: {world.State.Status} {world.State.Cause}");
            Assert.True(world.Broken <= 18, $"seed {seed}: {world.Broken} broken");
            Assert.Empty(world.Violations);
            Assert.Empty(world.Unaccounted);
        }
    }

    [Fact]
    public void Liars_are_never_confirmed()
    {
        foreach (var seed in TestSize.Cases(5, 250))
        {
            var world = new VirtualFleet(seed, devices: 400, badShare: 0, liarShare: 0.02);
            world.Run(days: 4);

            Assert.Equal(0, world.LiarsConfirmed);
            Assert.Empty(world.Violations);
        }
    }
}
