using System.Text.Json.Nodes;
using Pilotage.System.Server;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Cli;

/// <summary>What an operator sees of a client from the shell: its connection, its messages, its packets, and how it went.</summary>
public sealed class OperatorTests : IDisposable
{
    private const string Device = "default/lyon/my-pi";
    private const string Reading = """{"ts":"2026-01-01T00:00:00Z","values":{"vibration":2.1}}""";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-operator-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_client_is_seen_coming_speaking_and_going()
    {
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"));
        await SayAsync(server, "device", "enroll", "my-pi", "--path", Device, "--thing", "pi", "--save", "my-pi");
        await using var tail = Pilotage(server, "topic", "tail", "default/lyon/+/#", "--count", "2");
        await SaidAsync(() => tail.Errors, "listening to");

        // A lasting session that hears its own readings, and one reading.
        await using var client = ChildProcess.Start(
            "mosquitto_sub", [.. Mosquitto(server), "-c", "-x", "3600", "-k", "30", "-q", "1", "-t", $"{Device}/_tele"], _folder);
        await UntilAsync(server, client => client["subscriptions"]!.GetValue<int>() == 1);
        await SayAsync(server, "topic", "publish", $"{Device}/_tele", "--message", Reading);
        await client.WaitForAsync("{\"ts\"", Patience);

        var here = await UntilAsync(server, client => client["messagesOut"]?.GetValue<long>() == 1);
        Assert.Equal("mqtts", here["listener"]!.GetValue<string>());
        Assert.Equal(30, here["keepAliveSeconds"]!.GetValue<int>());
        Assert.StartsWith("127.0.0.1:", here["remote"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains(" yes ", await SayAsync(server, "device", "list"), StringComparison.Ordinal);

        client.Kill();
        var gone = await UntilAsync(server, client => client["connected"]!.GetValue<bool>() == false);
        Assert.NotNull(gone["lastDisconnect"]!["why"]);
        Assert.Null(gone["remote"]);
        await SayAsync(server, "topic", "publish", $"{Device}/_tele", "--message", Reading.Replace("2.1", "2.2", StringComparison.Ordinal));
        var waiting = await UntilAsync(server, client => client["queued"]!.GetValue<int>() == 1);
        Assert.Contains(" no ", await SayAsync(server, "session", "list", "--connected", "false"), StringComparison.Ordinal);
        Assert.DoesNotContain("my-pi", await SayAsync(server, "session", "list", "--connected", "true"), StringComparison.Ordinal);
        Assert.True(waiting["queuedBytes"]!.GetValue<long>() > Reading.Length);

        // What was said is stored, counted and audited, and is no report of the device.
        Assert.Contains("2.2", await SayAsync(server, "device", "values", "my-pi"), StringComparison.Ordinal);
        Assert.Contains(",2026-01-01T00:00:00Z,2.2,1,", await SayAsync(server, "data", "query", "vibration", "--window", "1h", "--fn", "max,count", "-o", "csv"), StringComparison.Ordinal);
        Assert.Contains("    _tele", await SayAsync(server, "topic", "tree"), StringComparison.Ordinal);
        Assert.Null(JsonNode.Parse(await SayAsync(server, "device", "show", "my-pi", "-o", "json"))!["lastReport"]);
        Assert.Contains("fabric.message.publish", (await server.Door.AskAsync(HttpMethod.Get, "api/v1/audit")).Body, StringComparison.Ordinal);

        var told = await tail.EndAsync().WaitAsync(Patience);
        Assert.Equal(0, tail.ExitCode);
        Assert.Equal(2, told.Count);
        Assert.All(told, line => Assert.Contains($"{Device}/_tele {{\"ts\"", line, StringComparison.Ordinal));

        await using (var other = ChildProcess.Start("mosquitto_pub", [.. Mosquitto(server, "other"), "-t", $"{Device}/_tele", "-m", Reading], _folder))
        {
            await other.EndAsync().WaitAsync(Patience);
        }

        // The log is written behind the server's back.
        await SaidAsync(() => server.Errors, "was refused by mqtts");
        Assert.Matches("Client \"other\" at 127\\.0\\.0\\.1:\\d+ was refused by mqtts: ClientIdentifierNotValid, the client id must be my-pi", server.Errors);
        foreach (var line in new[] { "connected as device by mqtts from 127.0.0.1:", "Client my-pi of default is gone from mqtts, 127.0.0.1:" })
        {
            Assert.Contains(line, server.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_trace_tells_every_packet_and_no_payload()
    {
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"));
        await SayAsync(server, "device", "enroll", "my-pi", "--path", Device, "--thing", "pi", "--save", "my-pi");
        await using var trace = Pilotage(server, "device", "trace", "my-pi", "--for", "10m", "-o", "json");
        await SaidAsync(() => trace.Errors, "tracing my-pi for 600 s");
        var again = await AskAsync(server, "device", "trace", "my-pi");
        Assert.Equal(5, again.Exit);

        await using (var client = ChildProcess.Start("mosquitto_pub", [.. Mosquitto(server), "-q", "1", "-t", $"{Device}/_tele", "-m", Reading], _folder))
        {
            await client.EndAsync().WaitAsync(Patience);
            Assert.Equal(0, client.ExitCode);
        }

        var lines = new List<string>();
        while (lines.Count == 0 || !lines[^1].Contains("\"DISCONNECT\"", StringComparison.Ordinal))
        {
            lines.Add(await trace.WaitForAsync("{", Patience));
        }

        var told = lines.ConvertAll(line => JsonNode.Parse(line)!);
        Assert.Equal(
            ["out CONNACK", "in PUBLISH", "out PUBACK", "in DISCONNECT"], told.Select(packet => $"{packet["direction"]} {packet["type"]}"));
        Assert.Equal(1, told[1]["qos"]!.GetValue<int>());
        Assert.Equal(told[1]["packetId"]!.GetValue<int>(), told[2]["packetId"]!.GetValue<int>());
        Assert.Equal("Success", told[2]["reason"]!.GetValue<string>());
        Assert.DoesNotContain("vibration", string.Concat(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_ends_by_itself_and_makes_room_for_the_next()
    {
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"));
        await SayAsync(server, "device", "enroll", "my-pi", "--path", Device, "--thing", "pi", "--save", "my-pi");

        await SayAsync(server, "device", "trace", "my-pi", "--for", "1s");
        await SayAsync(server, "device", "trace", "my-pi", "--for", "1s");
    }

    [Fact]
    public async Task A_device_that_took_over_from_its_half_open_connection_is_gone_when_it_goes()
    {
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"));
        await SayAsync(server, "device", "enroll", "my-pi", "--path", Device, "--thing", "pi", "--save", "my-pi");
        string[] listen = [.. Mosquitto(server), "-c", "-x", "3600", "-t", $"{Device}/_tele"];
        await using var first = ChildProcess.Start("mosquitto_sub", listen, _folder);
        await UntilAsync(server, client => client["connected"]!.GetValue<bool>());
        ChildProcess.Freeze(first.Id);

        await using var second = ChildProcess.Start("mosquitto_sub", listen, _folder);
        await UntilAsync(server, client => client["lastDisconnect"]?["reason"]!.GetValue<string>() == "SessionTakenOver");
        second.Kill();
        await UntilAsync(server, client => !client["connected"]!.GetValue<bool>());

        Assert.Contains(" no ", await SayAsync(server, "device", "list"), StringComparison.Ordinal);
        first.Kill();
    }

    private ChildProcess Pilotage(ServerProcess server, params string[] arguments) => ChildProcess.Start(
        ServerProcess.Binary, [.. arguments, "--server", server.Door.Http.ToString(), "--token-file", "data/admin.token"], _folder);

    private async Task<string> SayAsync(ServerProcess server, params string[] arguments)
    {
        var (exit, output, errors) = await AskAsync(server, arguments);
        Assert.True(exit == 0, errors);
        return output;
    }

    private async Task<(int Exit, string Output, string Errors)> AskAsync(ServerProcess server, params string[] arguments)
    {
        await using var process = Pilotage(server, arguments);
        var lines = await process.EndAsync().WaitAsync(Patience);
        return (process.ExitCode, string.Join('\n', lines), process.Errors);
    }

    private static async Task SaidAsync(Func<string> errors, string words)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!errors().Contains(words, StringComparison.Ordinal))
        {
            await Task.Delay(50, patience.Token);
        }
    }

    private static string[] Mosquitto(ServerProcess server, string clientId = "my-pi") =>
    [
        "-V", "5", "-h", "127.0.0.1", "-p", $"{server.Door.MqttsPort}", "-i", clientId,
        "--cafile", "my-pi/ca.pem", "--cert", "my-pi/cert.pem", "--key", "my-pi/key.pem",
    ];

    /// <summary>The device's one session, once it is as awaited.</summary>
    private static async Task<JsonNode> UntilAsync(ServerProcess server, Predicate<JsonNode> awaited)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var (_, body) = await server.Door.AskAsync(HttpMethod.Get, "api/v1/devices/my-pi/connection");
            if (JsonNode.Parse(body)!["clients"] is JsonArray { Count: 1 } clients && awaited(clients[0]!))
            {
                return clients[0]!;
            }

            await Task.Delay(50, patience.Token);
        }
    }
}
