using System.Text.Json.Nodes;
using Pilotage.System.Server;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Cli;

/// <summary>The README's "Connect yours", line by line: a first try without certificates, then the same device with one, then behind an edge.</summary>
public sealed class ConnectTests : IDisposable
{
    private const string Path = "default/lyon/my-pi";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-connect-").FullName;

    private string Data => global::System.IO.Path.Combine(_folder, "data");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_device_tried_without_certificates_is_the_same_device_once_it_has_enrolled()
    {
        await using var server = await ServerProcess.StartAsync(Data);
        await PublishAsync(server.Door.MqttPort, [], """{"ts":"2026-01-01T00:00:00Z","values":{"vibration":2.1}}""");
        await PublishAsync(server.Door.MqttPort, [], """{"ts":"2026""");
        Assert.Contains("vibration  2.1", await SayAsync(server, "device", "values", "my-pi"), StringComparison.Ordinal);
        Assert.Contains("not JSON", await SayAsync(server, "device", "bad", "my-pi"), StringComparison.Ordinal);

        await SayAsync(server, "device", "enroll", "my-pi", "--path", Path, "--thing", "pi", "--save", "my-pi");
        await PublishAsync(
            server.Door.MqttsPort, Credentials("my-pi"), """{"ts":"2026-01-01T01:00:00Z","values":{"vibration":2.2}}""");

        Assert.Contains("vibration  2.2", await SayAsync(server, "device", "values", "my-pi"), StringComparison.Ordinal);
        var device = JsonNode.Parse(await SayAsync(server, "device", "show", "my-pi", "-o", "json"))!;
        Assert.Equal("enrolled", device["status"]!.GetValue<string>());
        Assert.Equal("pi", device["thing"]!.GetValue<string>());

        // From now on nobody without that certificate speaks for it.
        await PublishAsync(server.Door.MqttPort, [], """{"ts":"2026-01-01T02:00:00Z","values":{"vibration":9.9}}""", isTaken: false);
        Assert.Contains("vibration  2.2", await SayAsync(server, "device", "values", "my-pi"), StringComparison.Ordinal);

        // Another id for that path is refused, and the refusal says what to write instead.
        var (exit, _, errors) = await AskAsync(server, "device", "enroll", "pi-2", "--path", Path, "--thing", "pi");
        Assert.Equal(2, exit);
        Assert.Contains("enrol my-pi there, or pi-2 at another path", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_device_comes_back_with_a_new_certificate_and_goes_for_good_after_another_revocation()
    {
        await using var server = await ServerProcess.StartAsync(Data);
        await SayAsync(server, "device", "enroll", "my-pi", "--path", Path, "--thing", "pi", "--save", "old");
        await PublishAsync(server.Door.MqttsPort, Credentials("old"), """{"ts":"2026-01-01T00:00:00Z","values":{"vibration":1e300}}""");
        Assert.Equal(5, (await AskAsync(server, "device", "delete", "my-pi", "--yes")).Exit);

        await SayAsync(server, "device", "revoke", "my-pi", "--yes");
        await PublishAsync(server.Door.MqttsPort, Credentials("old"), "{}", isTaken: false);
        var (_, _, refused) = await AskAsync(server, "device", "enroll", "my-pi", "--path", Path, "--thing", "pi");
        Assert.EndsWith("try:   pilotage device restore my-pi", refused.TrimEnd(), StringComparison.Ordinal);

        await SayAsync(server, "device", "restore", "my-pi", "--save", "new");
        await PublishAsync(server.Door.MqttsPort, Credentials("new"), """{"ts":"2026-01-01T01:00:00Z","values":{"vibration":1e300}}""");
        await PublishAsync(server.Door.MqttsPort, Credentials("old"), "{}", isTaken: false);
        Assert.Matches(@"vibration  1E\+300 [ -]+2026-01-01T01:00:00", await SayAsync(server, "device", "values", "my-pi"));

        await SayAsync(server, "device", "revoke", "my-pi", "--yes");
        Assert.Contains("stays stored", await SayAsync(server, "device", "delete", "my-pi", "--yes"), StringComparison.Ordinal);
        Assert.Equal(3, (await AskAsync(server, "device", "show", "my-pi")).Exit);

        // The open listener makes it anew, with what it had and without the certificates it had.
        await PublishAsync(server.Door.MqttPort, [], """{"ts":"2026-01-01T02:00:00Z","values":{"noise":1}}""");
        Assert.Contains("vibration  1E+300", await SayAsync(server, "device", "values", "my-pi"), StringComparison.Ordinal);
        await PublishAsync(server.Door.MqttsPort, Credentials("new"), "{}", isTaken: false);
    }

    [Fact]
    public async Task An_edge_that_could_not_work_says_why_and_keeps_its_code()
    {
        await using var server = await ServerProcess.StartAsync(Data);
        var enrolment = JsonNode.Parse(await SayAsync(server, "device", "enroll", "edge-1", "--path", "default/lyon/edge-1", "--thing", "edge", "-o", "json"))!;
        var code = enrolment["items"]![0]!["code"]!.GetValue<string>();
        var mqtts = $"127.0.0.1:{server.Door.MqttsPort}";

        await RefusedAsync(5, "is taken", "--listen with another port", server, mqtts, "--code", code, "--listen", mqtts);
        await RefusedAsync(2, "no identity yet", "device enroll", server, mqtts);
        await RefusedAsync(2, "not an enrolment code", "--code with the whole code", server, mqtts, "--code", code[..^1]);
        await RefusedAsync(1, "Its code is not used up.", "mqtts= address of its ready line", server, $"127.0.0.1:{server.Door.MqttPort}", "--code", code);
        await RefusedAsync(1, "Its code is not used up.", "mqtts= address of its ready line", server, "127.0.0.1:1", "--code", code);
        await RefusedAsync(4, "unknown, used up, expired", "--code with a new code", server, mqtts, "--code", $"pe1.{new string('A', 27)}.{code.Split('.')[2]}");
        await RefusedAsync(4, "another authority", "--server with the address of that server", server, mqtts, "--code", $"{code[..^64]}{new string('0', 64)}");

        var pump = JsonNode.Parse(await SayAsync(server, "device", "enroll", "pump-1", "--path", "default/lyon/pump-1", "--thing", "pump", "-o", "json"))!;
        await RefusedAsync(4, "pump-1 at default/lyon/pump-1, whose thing is pump", "--code with a new code", server, mqtts, "--code", pump["items"]![0]!["code"]!.GetValue<string>());

        // After all of that the code is still good.
        await using var edge = ChildProcess.Start(ServerProcess.Binary, Edge(server, mqtts, "--code", code), _folder);
        Assert.StartsWith("ready mqtts=127.0.0.1:", await edge.WaitForAsync("ready ", Patience), StringComparison.Ordinal);

        // Two on one folder would number their messages alike, and the server would drop the second one's as repeats.
        await RefusedAsync(5, "another edge uses the data folder", "--data with a folder of its own", server, mqtts);
        Assert.True(File.Exists(global::System.IO.Path.Combine(_folder, "edge", "workers.sock")));
    }

    private async Task RefusedAsync(int exit, string what, string tryThis, ServerProcess server, string mqtts, params string[] more)
    {
        await using var edge = ChildProcess.Start(ServerProcess.Binary, Edge(server, mqtts, more), _folder);
        await edge.EndAsync().WaitAsync(Patience);
        Assert.True(edge.ExitCode == exit, $"ended with {edge.ExitCode}: {edge.Errors}");
        var lines = edge.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(what, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("try:   ", lines[^1], StringComparison.Ordinal);
        Assert.Contains(tryThis, lines[^1], StringComparison.Ordinal);
        Assert.InRange(lines.Length, 2, 3);
    }

    private static string[] Credentials(string folder) => ["--cafile", $"{folder}/ca.pem", "--cert", $"{folder}/cert.pem", "--key", $"{folder}/key.pem"];

    private static string[] Edge(ServerProcess server, string mqtts, params string[] more) =>
        ["edge", "run", "--data", "edge", "--server", server.Door.Http.ToString(), "--mqtts", mqtts, .. more];

    private async Task<string> SayAsync(ServerProcess server, params string[] arguments)
    {
        var (exit, output, errors) = await AskAsync(server, arguments);
        Assert.True(exit == 0, errors);
        return output;
    }

    private async Task<(int Exit, string Output, string Errors)> AskAsync(ServerProcess server, params string[] arguments)
    {
        string[] all = [.. arguments, "--server", server.Door.Http.ToString(), "--token-file", "data/admin.token"];
        await using var process = ChildProcess.Start(ServerProcess.Binary, all, _folder);
        var lines = await process.EndAsync().WaitAsync(Patience);
        return (process.ExitCode, string.Join('\n', lines), process.Errors);
    }

    private async Task PublishAsync(int port, string[] credentials, string payload, bool isTaken = true)
    {
        string[] all = ["-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", $"{port}", "-i", "my-pi", .. credentials, "-t", $"{Path}/_tele", "-m", payload];
        await using var client = ChildProcess.Start("mosquitto_pub", all, _folder);
        await client.EndAsync().WaitAsync(Patience);
        Assert.True(!isTaken || client.ExitCode == 0, client.Errors);
        Assert.True(isTaken || client.Errors.Contains("authori", StringComparison.OrdinalIgnoreCase), client.Errors);
    }
}
