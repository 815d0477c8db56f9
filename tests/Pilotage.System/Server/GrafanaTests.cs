using System.Net;
using System.Text.Json.Nodes;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>The requests that Grafana's data source for Prometheus makes, sent by curl to the real server.</summary>
public sealed class GrafanaTests
{
    private const string Pump = "pump-1";
    private const long FirstMs = 1_700_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_data_source_is_tested_a_metric_is_picked_and_a_panel_is_drawn()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path);
        var devices = new JsonObject { ["devices"] = new JsonArray(new JsonObject { ["path"] = $"default/lyon/{Pump}", ["thing"] = "pump", ["id"] = Pump }) };
        Assert.Equal(HttpStatusCode.OK, (await server.Door.AskAsync(HttpMethod.Post, "api/v1/enrolments", devices)).Status);
        var csv = "ts,load\n" + string.Concat(Enumerable.Range(0, 121).Select(i => $"{FirstMs + (i * 15_000)},{i}\n"));
        Assert.Equal(HttpStatusCode.OK, (await server.Door.PostAsync($"api/v1/devices/{Pump}/telemetry", "text/csv", csv)).Status);
        var token = (await File.ReadAllTextAsync(Path.Combine(folder.Path, "admin.token"))).Trim();

        // "Save & test", then what the version of the server can do.
        var answer = await CurlAsync(server, token, "query", "--data-urlencode", "query=1+1", "--data-urlencode", "time=1700001800.123");
        Assert.Equal("2", (string?)answer["data"]!["result"]![1]);
        Assert.Equal("3.0.0", (string?)(await CurlAsync(server, token, "status/buildinfo"))["data"]!["version"]);

        // The list of metrics, and a variable: label_values(load, device).
        answer = await CurlAsync(server, token, "label/__name__/values", "-G", "-d", "start=1700000000", "-d", "end=1700001800");
        Assert.Equal("load", Assert.Single(answer["data"]!.AsArray())!.GetValue<string>());
        answer = await CurlAsync(server, token, "series", "--data-urlencode", "match[]=load", "-d", "start=1700000000", "-d", "end=1700001800");
        Assert.Equal(Pump, (string?)answer["data"]![0]!["device"]);

        // A panel: start and end are multiples of the step, the interval is written out.
        answer = await CurlAsync(
            server, token, "query_range", "--data-urlencode", "query=avg by (device) (rate(load{thing=\"pump\"}[1m0s]))", "-d", "start=1700000040", "-d", "end=1700001780.000", "-d", "step=15");
        var series = Assert.Single(answer["data"]!["result"]!.AsArray())!;
        Assert.Equal((Pump, 117), ((string?)series["metric"]!["device"], series["values"]!.AsArray().Count));
        Assert.All(series["values"]!.AsArray().Skip(4), point => Assert.Equal(1 / 15.0, double.Parse((string)point![1]!), 9));

        // A panel that asks for more than there is says why.
        answer = await CurlAsync(server, token, "query", "--data-urlencode", "query=histogram_quantile(0.9, load)");
        Assert.Equal(("error", "bad_data"), ((string?)answer["status"], (string?)answer["errorType"]));
    }

    private static async Task<JsonNode> CurlAsync(ServerProcess server, string token, string route, params string[] arguments)
    {
        await using var run = ChildProcess.Start("curl", ["-s", "-u", $"grafana:{token}", .. arguments, $"{server.Door.Http}prometheus/api/v1/{route}"]);
        var lines = await run.EndAsync().WaitAsync(Patience);
        return JsonNode.Parse(string.Concat(lines)) ?? throw new InvalidOperationException(run.Errors);
    }
}
