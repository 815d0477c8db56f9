using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>The series of a data folder looked at and mended on the command line.</summary>
public sealed class StoreVerbTests
{
    [Fact]
    public async Task What_is_damaged_is_named_mended_when_that_is_meant_and_gone_then()
    {
        using var run = new CliRun();
        await FillAsync(run);
        var points = await PointsAsync(run);
        var segment = Directory.GetFiles(Path.Combine(run.Directory, "d", "series"), "segment-*").Order(StringComparer.Ordinal).First();
        var bytes = await File.ReadAllBytesAsync(segment);
        bytes[60] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes);

        Assert.Equal(ExitCode.PartlyDone, await run.RunAsync("store", "check", "--data", "d"));
        Assert.Matches("damaged: [0-9]+ messages of d[0-9] in .* in segment-", run.Error);
        Assert.Equal(ExitCode.Usage, await run.RunAsync("store", "repair", "--data", "d"));
        Assert.Contains("nothing was done", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("store", "repair", "--data", "d", "--yes"));
        Assert.Contains($"damaged-{Path.GetFileName(segment)}", run.Output, StringComparison.Ordinal);
        Assert.InRange(await PointsAsync(run), 1, points - 1);
    }

    [Fact]
    public async Task What_was_deleted_is_told_apart_and_is_no_damage()
    {
        using var run = new CliRun();
        await FillAsync(run);
        var points = await PointsAsync(run);
        using (var folder = DataFolder.Open(Path.Combine(run.Directory, "d")).Value)
        {
            await using var store = TimeSeriesStore.Open(folder.Series, new TimeSeriesOptions { HeadPointsMax = 700, BlockRowsMax = 24, HasRoomFor = _ => false }, TimeProvider.System);
            await store.DeleteAsync(new Deletion(StoreFixture.Tenant, new DeviceId("d0"), null, long.MinValue, long.MaxValue), default);
        }

        Assert.Equal(ExitCode.Done, await run.RunAsync("store", "check", "--data", "d", "-o", "json"));
        var told = JsonNode.Parse(run.Output[(run.Output.LastIndexOf("\n{", StringComparison.Ordinal) + 1)..])!;
        Assert.Equal(points, (long)told["points"]! + (long)told["deleted"]!);
        Assert.InRange((long)told["deleted"]!, 1, points - 1);
        Assert.Contains($"note: {told["deleted"]} points that were deleted still take their space", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("store", "check", "--data", "d"));
        Assert.Matches("SERIES +POINTS +DELETED +DAMAGED", run.Output);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("repair")]
    public async Task Help_shows_each_verb_at_work_twice(string verb)
    {
        using var run = new CliRun();
        Assert.Equal(ExitCode.Done, await run.RunAsync("store", verb, "--help"));
        Assert.Equal(3, run.Output.Split($"\n  pilotage store {verb} --data ").Length);
    }

    [Fact]
    public async Task What_is_no_data_folder_or_in_use_is_refused_and_left_alone()
    {
        using var run = new CliRun();
        Assert.Equal(ExitCode.NotFound, await run.RunAsync("store", "check", "--data", "nosuch"));
        Assert.Contains("is no data folder of a server", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(run.Directory, "nosuch")));
        await FillAsync(run);
        using var used = DataFolder.Open(Path.Combine(run.Directory, "d")).Value;
        Assert.Equal(ExitCode.Failed, await run.RunAsync("store", "repair", "--data", "d", "--yes"));
        Assert.Contains("the store was not read", run.Error, StringComparison.Ordinal);
    }

    private static async Task<long> PointsAsync(CliRun run)
    {
        var before = run.Output.Length;
        Assert.Equal(ExitCode.Done, await run.RunAsync("store", "check", "--data", "d", "-o", "json"));
        return (long)JsonNode.Parse(run.Output[before..])!["points"]!;
    }

    private static async Task FillAsync(CliRun run)
    {
        using var folder = DataFolder.Open(Path.Combine(run.Directory, "d")).Value;
        await using var store = TimeSeriesStore.Open(folder.Series, new TimeSeriesOptions { HeadPointsMax = 700, BlockRowsMax = 24 }, TimeProvider.System);
        for (var number = 1L; number <= 400; number++)
        {
            await store.AppendAsync(NumberedMessage.Of(number, 4), null, default);
        }
    }
}
