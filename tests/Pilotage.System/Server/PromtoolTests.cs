using System.Net;
using System.Text.Json.Nodes;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>promtool, the command line of Prometheus itself (Debian's package prometheus), against the real server.</summary>
public sealed class PromtoolTests
{
    private const long FirstMs = 1_700_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Queries_of_one_time_and_of_many_series_and_labels_are_answered()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path);
        var devices = new JsonObject
        {
            ["devices"] = new JsonArray([.. new[] { "pump-1", "pump-2" }.Select(id => (JsonNode)new JsonObject { ["path"] = $"default/lyon/{id}", ["thing"] = "pump", ["id"] = id })]),
        };
        Assert.Equal(HttpStatusCode.OK, (await server.Door.AskAsync(HttpMethod.Post, "api/v1/enrolments", devices)).Status);
        foreach (var (id, factor) in new[] { ("pump-1", 1), ("pump-2", 2) })
        {
            var csv = "ts,load\n" + string.Concat(Enumerable.Range(0, 121).Select(i => $"{FirstMs + (i * 15_000)},{i * factor}\n"));
            Assert.Equal(HttpStatusCode.OK, (await server.Door.PostAsync($"api/v1/devices/{id}/telemetry", "text/csv", csv)).Status);
        }

        var token = (await File.ReadAllTextAsync(Path.Combine(folder.Path, "admin.token"))).Trim();
        var url = new UriBuilder(server.Door.Http) { UserName = "promtool", Password = Uri.EscapeDataString(token), Path = "/prometheus" }.Uri.AbsoluteUri;

        Assert.Equal(
            [
                """load{device="pump-1", level1="lyon", path="default/lyon/pump-1", thing="pump"} => 120 @[1700001800]""",
                """load{device="pump-2", level1="lyon", path="default/lyon/pump-2", thing="pump"} => 240 @[1700001800]""",
            ],
            await AskAsync("instant", "--time=1700001800", url, "load"));
        Assert.Equal(["{} => 3 @[1700001800]"], await AskAsync("instant", "--time=1700001800", url, "sum(rate(load[1m])) * 15"));
        Assert.Equal(
            ["""{device="pump-2"} =>""", "60 @[1700000450]", "64 @[1700000480]"],
            await AskAsync("range", "--start=1700000450", "--end=1700000480", "--step=30s", url, "max by (device) (load{device=\"pump-2\"})"));
        Assert.Equal(
            ["""{__name__="load", device="pump-2", level1="lyon", path="default/lyon/pump-2", thing="pump"}"""],
            await AskAsync("series", "--match=load{device=~\".*-2\"}", "--start=1700000000", "--end=1700001800", url));
        Assert.Equal(["pump-1", "pump-2"], await AskAsync("labels", "--start=1700000000", "--end=1700001800", url, "device"));

        // What is not there is told as Prometheus tells it.
        Assert.Contains("is not supported here", string.Join('\n', await AskAsync("instant", url, "histogram_quantile(0.9, load)")), StringComparison.Ordinal);
    }

    /// <summary>What it writes, line by line; of what it cannot do, its errors.</summary>
    private static async Task<IReadOnlyList<string>> AskAsync(string query, params string[] arguments)
    {
        await using var run = ChildProcess.Start("promtool", ["query", query, .. arguments]);
        var lines = await run.EndAsync().WaitAsync(Patience);
        return lines.Count > 0 ? [.. lines.Where(line => line.Length > 0)] : [run.Errors];
    }
}
