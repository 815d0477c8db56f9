using System.Net;
using System.Text.Json.Nodes;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>Telemetry from clients that others wrote: InfluxDB's, curl, and mosquitto with SenML; what was answered survives a kill.</summary>
public sealed class IngestDoorTests
{
    private const string Pump = "pump-1";
    private const long FirstMs = 1_700_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task What_InfluxDBs_client_was_told_is_stored_survives_a_kill()
    {
        const int Points = 3_000;
        using var folder = new TemporaryFolder();
        await using (var server = await StartAsync(folder.Path))
        {
            Assert.Equal($"stored {Points}", await InfluxAsync(server, folder.Path, null, $"{Points}"));
            await server.KillAsync();
        }

        await using var again = await ServerProcess.StartAsync(folder.Path);
        var account = (await again.Door.GetAsync($"api/v1/messages/account?device={Pump}"))["items"]![0]!;
        Assert.Equal((Points, 3 * Points, 0), ((int)account["messages"]!, (int)account["points"]!, (int)account["overwritten"]!));
        var half = (await again.Door.GetAsync($"api/v1/devices/{Pump}/series/half?points=20000"))["points"]!.AsArray();
        Assert.Equal(Enumerable.Range(0, Points).Select(i => (FirstMs + (1000.0 * i), i / 2.0)), half.Select(point => ((double)point![0]!, (double)point[1]!)));
    }

    [Fact]
    public async Task InfluxDBs_client_hears_what_was_not_stored()
    {
        using var folder = new TemporaryFolder();
        await using var server = await StartAsync(folder.Path);
        Assert.Equal("stored 0", await InfluxAsync(server, folder.Path, null, "0", $"pump,device={Pump} state=\"on\",speed=7"));
        Assert.StartsWith(
            $"failed 400 invalid: partial write: 1 values were stored, what is named here was not: line 1, field speed: speed: ",
            await InfluxAsync(server, folder.Path, null, "0", $"pump,device={Pump} state=\"off\",speed=\"fast\""), StringComparison.Ordinal);
        Assert.Equal(7, await LastAsync(server, "speed"));
        Assert.StartsWith(
            "failed 400 invalid: nothing was stored: line 1: There is no device pump-9", await InfluxAsync(server, folder.Path, null, "0", "pump,device=pump-9 speed=7"), StringComparison.Ordinal);
        Assert.StartsWith("failed 401 unauthorized:", await InfluxAsync(server, folder.Path, "guess", "1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Curl_sends_every_form_and_mosquitto_sends_SenML()
    {
        using var folder = new TemporaryFolder();
        await using var server = await StartAsync(folder.Path);
        var route = $"api/v1/devices/{Pump}/telemetry";
        Assert.Equal("200", await CurlAsync(server, folder.Path, route, "application/json", "{\"a\":1}"u8.ToArray()));
        Assert.Equal("200", await CurlAsync(server, folder.Path, route, "application/x-ndjson", "{\"b\":2}\n{\"ts\":1700000000000,\"b\":1}\n"u8.ToArray()));
        Assert.Equal("200", await CurlAsync(server, folder.Path, route, "application/senml+json", """[{"bn":"urn:dev:ow:1:","n":"c","u":"Cel","v":3}]"""u8.ToArray()));
        Assert.Equal("200", await CurlAsync(server, folder.Path, route, "application/senml+cbor", Convert.FromHexString("81A200616402F94400")));
        Assert.Equal("200", await CurlAsync(server, folder.Path, route, "text/csv", "ts,j,k\n1700000000000,10,on\n1700000001000,11,off\n"u8.ToArray()));
        Assert.Equal("400", await CurlAsync(server, folder.Path, route, "application/x-ndjson", "{\"e\":1}\noops\n"u8.ToArray()));
        Assert.Equal("204", await CurlAsync(server, folder.Path, "api/v2/write?precision=s", "text/plain", "pump,device=pump-1 f=6 1700000000\n"u8.ToArray()));
        await MosquittoAsync(server, "application/senml+json", """[{"bn":"urn:dev:ow:1:","n":"g","v":7}]""");
        await MosquittoAsync(server, null, """[{"bn":"urn:dev:ow:1:","n":"h","v":8}]""");

        // What would be telemetry is none where its type says otherwise, also on the fast path of a topic that is known.
        await MosquittoAsync(server, "text/xml", "{\"i\":9}");

        foreach (var (property, value) in new[] { ("a", 1), ("b", 2), ("c", 3), ("d", 4), ("f", 6), ("g", 7), ("h", 8), ("j", 11) })
        {
            Assert.Equal(value, await LastAsync(server, property));
        }

        var list = (await server.Door.GetAsync($"api/v1/devices/{Pump}/series"))["items"]!.AsArray();
        Assert.Equal(["a", "b", "c", "d", "f", "g", "h", "j", "k"], list.Select(series => (string?)series!["property"]).Order());
        var bad = (await server.Door.GetAsync("api/v1/messages/bad"))["items"]!.AsArray();
        Assert.StartsWith("nobody reads \"text/xml\" here", (string?)Assert.Single(bad)!["reason"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_door_answered_is_there_after_a_power_cut_and_only_because_it_was_flushed(bool isFlushed)
    {
        const int Cuts = 4;
        const int WritesPerCut = 6;
        using var folder = new TemporaryFolder();
        var disk = new SimulatedDisk(new Random(TestSize.Seed));
        var number = 0;
        for (var cut = 0; cut < Cuts; cut++)
        {
            await using var server = await InProcessServer.StartAsync(folder.Path, disk);
            await DeclareAsync(server.Door);
            disk.IgnoresSync = !isFlushed;
            for (var write = 0; write < WritesPerCut; write++)
            {
                var ours = await server.Door.PostAsync($"api/v1/devices/{Pump}/telemetry", "application/json", $"{{\"ts\":{FirstMs + number},\"speed\":1}}");
                var theirs = await server.Door.PostAsync("api/v2/write?precision=ms", "text/plain", $"pump,device={Pump} speed=2 {FirstMs + number + 1}");
                Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NoContent), (ours.Status, theirs.Status));
                number += 2;
            }

            disk.Cut();
            disk.IgnoresSync = false;
        }

        await using var after = await InProcessServer.StartAsync(folder.Path, disk);
        var stored = (long)(await after.Door.GetAsync($"api/v1/messages/account?path=default/plant/**"))["messages"]!;
        Assert.True(isFlushed ? stored == number : stored < number, $"{stored} of {number}");
    }

    [Fact]
    public async Task A_full_disk_is_said_in_the_words_of_each_door_and_nothing_is_acknowledged()
    {
        using var folder = new TemporaryFolder();
        var disk = new SimulatedDisk(new Random(TestSize.Seed));
        await using var server = await InProcessServer.StartAsync(folder.Path, disk);
        await DeclareAsync(server.Door);
        disk.CapacityBytes = 0;
        var ours = await server.Door.PostAsync($"api/v1/devices/{Pump}/telemetry", "application/json", "{\"speed\":1}");
        Assert.Equal((507, "server.storage_full"), ((int)ours.Status, (string?)JsonNode.Parse(ours.Body)!["title"]));
        var theirs = await server.Door.PostAsync("api/v2/write", "text/plain", $"pump,device={Pump} speed=2");
        Assert.Equal((503, "unavailable"), ((int)theirs.Status, (string?)JsonNode.Parse(theirs.Body)!["code"]));
        Assert.Empty((await server.Door.GetAsync($"api/v1/devices/{Pump}/series"))["items"]!.AsArray());
    }

    private static async Task<ServerProcess> StartAsync(string data)
    {
        var server = await ServerProcess.StartAsync(data);
        await DeclareAsync(server.Door);
        return server;
    }

    private static async Task DeclareAsync(ServerDoor door)
    {
        var devices = new JsonObject { ["devices"] = new JsonArray(new JsonObject { ["path"] = $"default/plant/{Pump}", ["thing"] = "pump", ["id"] = Pump }) };
        var (status, body) = await door.AskAsync(HttpMethod.Post, "api/v1/enrolments", devices);
        Assert.True(status == HttpStatusCode.OK, body);
    }

    private static async Task<string> InfluxAsync(ServerProcess server, string data, string? token, params string[] countAndLine)
    {
        if (!Directory.Exists(Path.Combine(Root(), "artifacts/peers/node_modules/@influxdata/influxdb-client")))
        {
            throw new InvalidOperationException("InfluxDB's client is missing in artifacts/peers; ./test system installs it and needs Node 20 with npm");
        }

        token ??= (await File.ReadAllTextAsync(Path.Combine(data, "admin.token"))).Trim();
        await using var run = ChildProcess.Start(
            "node", [Path.Combine(Root(), "tests/Pilotage.System/Gateway/Peers/influx.mjs"), $"{server.Door.Http}", token, "default", Pump, .. countAndLine]);
        var lines = await run.EndAsync().WaitAsync(Patience);
        return lines.Count > 0 ? lines[^1] : $"it said nothing: {run.Errors}";
    }

    private static async Task<string> CurlAsync(ServerProcess server, string data, string route, string mediaType, byte[] body)
    {
        var token = (await File.ReadAllTextAsync(Path.Combine(data, "admin.token"))).Trim();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, body);
            await using var run = ChildProcess.Start(
                "curl",
                [
                    "-s", "-o", "/dev/null", "-w", "%{http_code}\\n", "-H", $"Authorization: Bearer {token}", "-H", $"Content-Type: {mediaType}", "--data-binary", $"@{file}",
                    $"{server.Door.Http}{route}",
                ]);
            return (await run.EndAsync().WaitAsync(Patience))[^1];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task MosquittoAsync(ServerProcess server, string? contentType, string payload)
    {
        string[] typed = contentType is null ? [] : ["-D", "publish", "content-type", contentType];
        await using var client = ChildProcess.Start(
            "mosquitto_pub", ["-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", $"{server.Door.MqttPort}", "-i", Pump, "-t", $"default/plant/{Pump}/_tele", .. typed, "-m", payload]);
        await client.EndAsync().WaitAsync(Patience);
        Assert.Equal(0, client.ExitCode);
    }

    private static async Task<double?> LastAsync(ServerProcess server, string property) =>
        (double?)(await server.Door.GetAsync($"api/v1/devices/{Pump}/series"))["items"]!.AsArray().FirstOrDefault(series => (string?)series!["property"] == property)?["lastValue"];

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Pilotage.slnx")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
