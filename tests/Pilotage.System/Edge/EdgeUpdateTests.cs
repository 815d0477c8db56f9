using Xunit;

namespace Pilotage.System.Edge;

/// <summary>Two real edges and a real server: a good version goes everywhere, a killed edge goes on, a hanging version goes nowhere.</summary>
public sealed class EdgeUpdateTests
{
    [Fact]
    public async Task A_good_version_reaches_all_survives_a_killed_edge_and_is_not_disturbed_by_one_that_hangs()
    {
        await using var world = new EdgeWorld();
        await world.StartAsync();

        var good = await world.ReleaseAsync(EdgeWorld.Linear(2), "1");
        var first = await world.EndAsync(await world.RollOutAsync(good));
        Assert.True((string)first["status"]! == "completed", first.ToJsonString());
        Assert.Equal(4, (int)first["counts"]!["confirmed"]!);

        await world.Edges[0]!.KillAsync();
        var before = await world.InferencesAsync("pump-1", good);
        await world.StartEdgeAsync(0);
        await UntilAsync(async () => await world.InferencesAsync("pump-1", good) > before + 5);

        var incumbent = await world.InferencesAsync("pump-3", good);
        var hanging = await world.ReleaseAsync(HangingModel.Write(), "2");
        var second = await world.EndAsync(await world.RollOutAsync(hanging));
        Assert.True((string)second["status"]! == "halted", second.ToJsonString());
        Assert.Equal(1, (int)second["counts"]!["touched"]!);
        await UntilAsync(async () => await world.InferencesAsync("pump-3", good) > incumbent + 5);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var i = 0; i < 120; i++)
        {
            if (await holds())
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }

        Assert.Fail("It did not come true within a minute.");
    }
}
