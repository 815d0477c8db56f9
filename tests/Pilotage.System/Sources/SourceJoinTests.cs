using Pilotage.System.Limits;
using Pilotage.System.Server;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Sources;

/// <summary>A plant's broker is joined as an operator would join it, with everything it asks for.</summary>
public sealed class SourceJoinTests : IDisposable
{
    private const string Password = "open-sesame-4711";
    private const string Mapping = """
        format: pilotage.mapping/1
        name: factory
        version: 1
        rules:
          status:
            topic: factory/{machine}/{property}
            device: "{tenant}/lyon/{machine}"
            thing: press
            property: "{property}"
            properties: {temp: {unit: Cel}}
            others: keep
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _plant = new();

    public void Dispose()
    {
        _folder.Dispose();
        _plant.Dispose();
    }

    [Theory]
    [InlineData("5")]
    [InlineData("3.1.1")]
    public async Task A_broker_with_TLS_a_certificate_and_a_password_is_looked_at_and_then_joined(string version)
    {
        PlantCertificates.Write(_plant.Path);
        _plant.File("m.yaml", Mapping);
        _plant.File("pw", Password + "\n");
        _plant.File("users", "");
        await RunAsync("mosquitto_passwd", "-b", In("users"), "pilotage", Password);
        await using var broker = await MosquittoBroker.StartAsync(
            _plant.Path, "allow_anonymous false", $"password_file {In("users")}", $"cafile {In("ca.pem")}", $"certfile {In("broker.pem")}", $"keyfile {In("broker.key")}", "require_certificate true");
        await PublishAsync(broker.Port, "factory/press-1/temp", "21.5", "-r");
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder.Path, "data"));
        string[] add =
        [
            "source", "add", "mqtt", "--url", $"mqtts://127.0.0.1:{broker.Port}", "--topics", "factory/#", "--map", In("m.yaml"), "--ca", In("ca.pem"), "--cert", In("own.pem"), "--key", In("own.key"), "--user", "pilotage",
            "--mqtt-version", version, "--preview", "1",
        ];

        // A wrong password is said, and nothing is added.
        _plant.File("wrong", "wrong\n");
        var (exit, _, errors) = await AskAsync(server, [.. add, "--password-file", In("wrong")]);
        Assert.Equal(6, exit);
        Assert.Matches("refused the connection: (BadUserNameOrPassword|NotAuthorized)", errors);

        (exit, var shown, errors) = await AskAsync(server, [.. add, "--password-file", In("pw")]);
        Assert.Equal(0, exit);
        Assert.Contains("factory/press-1/temp  status  ", shown, StringComparison.Ordinal);
        Assert.Contains("1 messages on 1 topics in 1 s; factory/#: QoS 1", errors, StringComparison.Ordinal);
        Assert.Contains("our promise begins there", errors, StringComparison.Ordinal);
        Assert.EndsWith("nothing was added: the same with --yes adds it", errors.TrimEnd(), StringComparison.Ordinal);
        Assert.Empty((await server.Door.GetAsync("api/v1/sources"))["items"]!.AsArray());

        (exit, _, errors) = await AskAsync(server, [.. add, "--password-file", In("pw"), "--yes"]);
        Assert.True(exit == 0, errors);
        await ConnectedAsync(server);
        await PublishAsync(broker.Port, "factory/press-1/temp", "22.5");
        await Eventually.HoldsAsync(async () => (await AskAsync(server, "device", "values", "press-1")).Output.Contains("temp      22.5", StringComparison.Ordinal), Patience, "the value is stored");
        Assert.Equal("Cel", (string?)(await server.Door.GetAsync("api/v1/devices/press-1/series"))["items"]![0]!["unit"]);

        // Retained and old: it was not stamped with now.
        Assert.Equal(1, (long)(await server.Door.GetAsync("api/v1/messages/account?device=press-1"))["messages"]!);

        var listed = (await AskAsync(server, "source", "list", "-o", "json")).Output + (await AskAsync(server, "source", "show", "factory")).Output + server.Errors;
        Assert.DoesNotContain(Password, listed, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", listed, StringComparison.Ordinal);
        Assert.Contains("\"hasPassword\": true", listed, StringComparison.Ordinal);

        // In use, so the mapping stays; taken away, the session at the broker goes too.
        Assert.Equal(5, (await AskAsync(server, "mapping", "remove", "factory", "--yes")).Exit);
        Assert.Contains("factory  yes", (await AskAsync(server, "source", "remove", "factory", "--yes")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await AskAsync(server, "mapping", "remove", "factory", "--yes")).Exit);
    }

    [Fact]
    public async Task A_broker_that_is_not_there_is_said_and_one_that_comes_back_is_joined_again()
    {
        _plant.File("m.yaml", Mapping);
        await using var broker = await MosquittoBroker.StartAsync(_plant.Path);
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder.Path, "data"));
        string[] add = ["source", "add", "mqtt", "--url", $"mqtt://127.0.0.1:{broker.Port}", "--topics", "factory/#", "--map", In("m.yaml")];
        await broker.KillAsync();
        var (exit, _, errors) = await AskAsync(server, add);
        Assert.Equal(6, exit);
        Assert.Contains("did not answer within 10 s: Connection refused", errors, StringComparison.Ordinal);

        Assert.Equal(0, (await AskAsync(server, [.. add, "--yes"])).Exit);
        Assert.Equal("connecting", (string?)(await server.Door.GetAsync("api/v1/sources/factory"))["state"]);
        await broker.StartAsync();
        await ConnectedAsync(server);
        await broker.KillAsync();
        await Eventually.HoldsAsync(async () => (string?)(await server.Door.GetAsync("api/v1/sources/factory"))["state"] == "connecting", Patience, "the loss shows");
        await broker.StartAsync();
        await ConnectedAsync(server);
        Assert.InRange((long)(await server.Door.GetAsync("api/v1/sources/factory"))["counts"]!["connections"]!, 2, 10);
    }

    [Fact]
    public async Task What_nothing_maps_is_collected_and_a_rule_that_is_proposed_for_it_is_added_while_the_source_runs()
    {
        _plant.File("m.yaml", Mapping);
        await using var broker = await MosquittoBroker.StartAsync(_plant.Path);
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder.Path, "data"));
        Assert.Equal(0, (await AskAsync(server, "source", "add", "mqtt", "--url", $"mqtt://127.0.0.1:{broker.Port}", "--topics", "#", "--map", In("m.yaml"), "--yes")).Exit);
        await ConnectedAsync(server);
        string[] plain = ["-h", "127.0.0.1", "-p", $"{broker.Port}", "-q", "1"];
        await RunAsync("mosquitto_pub", [.. plain, "-t", "site/oven-1/flow_l_min", "-m", "3.5"]);
        await RunAsync("mosquitto_pub", [.. plain, "-t", "site/oven-2/flow_l_min", "-m", "4.5"]);
        await Eventually.HoldsAsync(async () => (await server.Door.GetAsync("api/v1/unmapped"))["items"]!.AsArray().Count == 2, Patience, "both topics are collected");
        Assert.Contains("factory  site/oven-1/flow_l_min", (await AskAsync(server, "mapping", "unmapped")).Output, StringComparison.Ordinal);

        var (exit, document, errors) = await AskAsync(server, "mapping", "propose");
        Assert.True(exit == 0, errors);
        Assert.Contains("\"flow_l_min\": {unit: \"L/min\", type: number}  # high: the name ends in l_min", document, StringComparison.Ordinal);
        Assert.Contains("version: 2", document, StringComparison.Ordinal);
        _plant.File("m2.yaml", document + "\n");
        (exit, _, errors) = await AskAsync(server, "mapping", "add", In("m2.yaml"), "--replace");
        Assert.True(exit == 0, errors);

        await RunAsync("mosquitto_pub", [.. plain, "-t", "site/oven-2/flow_l_min", "-m", "5.5"]);
        await Eventually.HoldsAsync(async () => (await AskAsync(server, "device", "values", "oven-2")).Output.Contains("flow_l_min  5.5", StringComparison.Ordinal), Patience, "the value is stored");
        Assert.Empty((await server.Door.GetAsync("api/v1/unmapped"))["items"]!.AsArray());
    }

    private static Task ConnectedAsync(ServerProcess server) => Eventually.HoldsAsync(
        async () =>
        {
            var source = await server.Door.GetAsync("api/v1/sources/factory");
            return (string?)source["state"] == "connected" && (string?)source["topics"]![0]!["answer"] == "QoS 1";
        },
        Patience,
        "the source is connected and subscribed");

    private string In(string name) => Path.Combine(_plant.Path, name);

    private Task PublishAsync(int port, string topic, string payload, params string[] more) => RunAsync(
        "mosquitto_pub",
        ["-h", "127.0.0.1", "-p", $"{port}", "--cafile", In("ca.pem"), "--cert", In("own.pem"), "--key", In("own.key"), "-u", "pilotage", "-P", Password, "-t", topic, "-m", payload, "-q", "1", .. more]);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        await using var run = ChildProcess.Start(program, arguments);
        await run.EndAsync().WaitAsync(Patience);
        Assert.True(run.ExitCode == 0, $"{program}: {run.Errors}");
    }

    private async Task<(int Exit, string Output, string Errors)> AskAsync(ServerProcess server, params string[] arguments)
    {
        await using var run = ChildProcess.Start(ServerProcess.Binary, [.. arguments, "--server", server.Door.Http.ToString(), "--token-file", Path.Combine(_folder.Path, "data", "admin.token")]);
        var lines = await run.EndAsync().WaitAsync(Patience);
        return (run.ExitCode, string.Join('\n', lines), run.Errors);
    }
}
