using Xunit;

namespace Pilotage.System.Edge;

/// <summary>Two real edges and a real server: a good version goes everywhere, a killed edge goes on, a hanging version goes nowhere.</summary>
public sealed class EdgeUpdateTests
{
    private static readonly byte[] Good = EdgeWorld.Linear(2);
    private static readonly byte[] Newer = EdgeWorld.Linear(3);
    private static readonly byte[] Hanging = HangingModel.Write();
    private static readonly float[][] Rows = [[1, 2], [3, 4], [5, 7]];

    [Fact]
    public async Task A_good_version_reaches_all_survives_a_killed_edge_and_is_not_disturbed_by_one_that_hangs()
    {
        await using var world = new EdgeWorld();
        await world.StartAsync();

        var good = await world.ReleaseAsync(Good, EdgeWorld.Golden(Good, Rows), "1");
        var first = await world.EndAsync(await world.RollOutAsync(good));
        Assert.True((string)first["status"]! == "completed", first.ToJsonString());
        Assert.Equal(4, (int)first["counts"]!["confirmed"]!);

        await world.Edges[0]!.KillAsync();
        var before = await world.InferencesAsync("pump-1", good);
        await world.StartEdgeAsync(0);
        await UntilAsync(async () => await world.InferencesAsync("pump-1", good) > before + 5);

        var incumbent = await world.InferencesAsync("pump-3", good);
        var hanging = await world.ReleaseAsync(Hanging, EdgeWorld.Golden(Hanging, new float[2]), "2");
        var second = await world.EndAsync(await world.RollOutAsync(hanging));
        Assert.True((string)second["status"]! == "halted", second.ToJsonString());
        Assert.Equal(1, (int)second["counts"]!["touched"]!);
        await UntilAsync(async () => await world.InferencesAsync("pump-3", good) > incumbent + 5);
    }

    [Fact]
    public async Task An_edge_that_runs_the_old_version_and_reports_the_new_one_is_not_believed()
    {
        await using var world = new EdgeWorld();
        await world.StartAsync();
        await world.Edges[1]!.KillAsync();
        var golden = EdgeWorld.Golden(Newer, Rows);
        await using var liar = new LyingEdge(world, edge: 1, golden, answersWith: Good);
        await liar.StartAsync();

        var rollout = await world.EndAsync(await world.RollOutAsync(await world.ReleaseAsync(Newer, golden, "2"), "pump-3", "pump-4"));

        Assert.True((string)rollout["status"]! == "halted", rollout.ToJsonString());
        Assert.Contains("challenge", (string)rollout["cause"]!, StringComparison.Ordinal);
        Assert.Equal(0, (int)rollout["counts"]!["confirmed"]!);
        Assert.True(liar.Reports > 0);
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
