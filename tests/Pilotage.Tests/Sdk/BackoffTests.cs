using Pilotage.Sdk.Mqtt;
using Xunit;

namespace Pilotage.Tests.Sdk;

public sealed class BackoffTests
{
    [Fact]
    public void Pauses_are_spread_below_a_bound_that_doubles_up_to_the_longest()
    {
        const int Clients = 2_000;
        double[] bounds = [1, 2, 4, 8, 16, 32, 60, 60];
        var sums = new double[bounds.Length];
        for (var seed = 0; seed < Clients; seed++)
        {
            var backoff = New(seed);
            for (var i = 0; i < bounds.Length; i++)
            {
                var pause = backoff.Next().TotalSeconds;
                Assert.InRange(pause, 0, bounds[i]);
                sums[i] += pause;
            }
        }

        for (var i = 0; i < bounds.Length; i++)
        {
            // Evenly spread: the mean is half of the bound.
            Assert.InRange(sums[i] / Clients / bounds[i], 0.47, 0.53);
        }
    }

    [Theory]
    [InlineData(59, false)]
    [InlineData(60, true)]
    public void Only_a_connection_that_held_sets_it_back(int seconds, bool isSetBack)
    {
        var longest = Enumerable.Range(0, 200).Max(seed =>
        {
            var backoff = New(seed);
            for (var i = 0; i < 10; i++)
            {
                backoff.Next();
            }

            backoff.Held(TimeSpan.FromSeconds(seconds));
            return backoff.Next().TotalSeconds;
        });
        Assert.Equal(isSetBack, longest <= 1);
    }

    private static Backoff New(int seed) =>
        new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), new Random(seed));
}
