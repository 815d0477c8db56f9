using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Simulation.Edge;

/// <summary>P4 and P5 of the edge's buffer in simulation: links that lose batches and answers, restarts and power cuts, and outages longer than the buffer.</summary>
public sealed class OutageTests(ITestOutputHelper output)
{
    private const int OfTheBuffer = 3;

    [Fact]
    public async Task Of_three_days_without_a_link_everything_that_did_not_fit_is_told_span_by_span()
    {
        const int Steps = 72 * 20;
        const int Devices = 12;

        // A message takes about a hundred bytes in the buffer; a third of three days fits.
        await using var story = new ForwardingStory(seed: 1, Devices, bytesMax: Steps * Devices * 100L / OfTheBuffer);
        for (var step = 0; step < Steps; step++)
        {
            await story.SendAsync(TimeSpan.FromMinutes(3));
            if (step % 10 == 0)
            {
                await story.ForwardAsync(lost: 1, answerLost: 0);
            }

            if (step % 300 == 299)
            {
                await story.RestartAsync(isCut: step % 600 == 299);
            }
        }

        await story.DrainAsync();

        Assert.Equal("", story.Verdict());
        Assert.InRange(story.Told, story.Sent / 2, story.Sent * 3 / 4);
        Assert.Equal(Devices, story.Spans);
        output.WriteLine(PromiseTotals.Line("P5", ("messages of a 72 h outage", story.Sent), ("of them dropped and told", story.Told)));
    }

    [Fact]
    public async Task Whatever_is_cut_and_whenever_nothing_is_missing_twice_or_dropped_without_a_word()
    {
        var (sent, told, restarts) = (0L, 0L, 0);
        foreach (var seed in TestSize.Cases(16, 1_000))
        {
            var random = new Random(seed);
            await using var story = new ForwardingStory(seed, devices: 1 + random.Next(6), bytesMax: 6_000 + random.Next(30_000));
            for (var spell = 0; spell < 8; spell++)
            {
                // A spell of bad weather: none gets through, some, or all but the answers.
                var (lost, answerLost) = random.Next(4) switch
                {
                    0 => (1.0, 0.0),
                    1 => (0.0, 1.0),
                    2 => (0.5, 0.5),
                    _ => (0.05, 0.05),
                };
                for (var step = random.Next(120); step > 0; step--)
                {
                    await story.SendAsync(TimeSpan.FromSeconds(1));
                    if (random.Next(3) == 0)
                    {
                        await story.ForwardAsync(lost, answerLost);
                    }

                    if (random.Next(40) == 0)
                    {
                        await story.RestartAsync(isCut: random.Next(2) == 0);
                        restarts++;
                    }
                }
            }

            await story.DrainAsync();
            Assert.True(story.Verdict().Length == 0, $"seed {seed}: {story.Verdict()}");
            (sent, told) = (sent + story.Sent, told + story.Told);
        }

        Assert.InRange(told, 500, sent / 2);
        output.WriteLine(PromiseTotals.Line("P4", ("restarts and power cuts of an edge in simulation", restarts), ("messages forwarded in simulation", sent), ("of them dropped and told", told)));
    }
}
