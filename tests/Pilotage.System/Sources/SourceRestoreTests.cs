using Pilotage.System.Limits;
using Pilotage.System.Server;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Sources;

/// <summary>What a restored server, and one without room, do to a plant's broker: nothing that the plant would notice.</summary>
public sealed class SourceRestoreTests : IDisposable
{
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
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _plant = new();

    public void Dispose()
    {
        _folder.Dispose();
        _plant.Dispose();
    }

    [Fact]
    public async Task A_restored_server_leaves_the_sessions_of_the_first_one_alone_until_somebody_resumes_its_source()
    {
        _plant.File("m.yaml", Mapping);
        await using var broker = await MosquittoBroker.StartAsync(_plant.Path);
        await using var first = await ServerProcess.StartAsync(Path.Combine(_folder.Path, "data"));
        Assert.Equal(0, (await AskAsync(first, "source", "add", "mqtt", "--url", $"mqtt://127.0.0.1:{broker.Port}", "--topics", "factory/#", "--map", Path.Combine(_plant.Path, "m.yaml"), "--yes")).Exit);
        await StateAsync(first, "connected");

        var (exit, _, errors) = await AskAsync(first, "backup", "create", Path.Combine(_folder.Path, "b.tar"));
        Assert.True(exit == 0, errors);
        await using var restore = ChildProcess.Start(ServerProcess.Binary, ["backup", "restore", Path.Combine(_folder.Path, "b.tar"), "--data", Path.Combine(_folder.Path, "again")]);
        await restore.EndAsync().WaitAsync(Patience);
        Assert.True(restore.ExitCode == 0, restore.Errors);
        Assert.Contains("brokers of others that it reads as sources are paused", restore.Errors, StringComparison.Ordinal);

        await using var second = await ServerProcess.StartAsync(Path.Combine(_folder.Path, "again"));
        await StateAsync(second, "paused");
        Assert.Contains("The source factory is paused and not read: this server was restored from a backup", second.Errors, StringComparison.Ordinal);
        Assert.Contains("paused", (await AskAsync(second, "source", "list")).Output, StringComparison.Ordinal);
        for (var i = 0; i < 5; i++)
        {
            await PublishAsync(broker.Port, "factory/press-1/temp", $"{i}");
        }

        await MessagesAsync(first, 5);
        var source = await first.Door.GetAsync("api/v1/sources/factory");
        Assert.Equal(("connected", 1), ((string?)source["state"], (int)source["counts"]!["connections"]!));

        // The first one stops; what comes meanwhile waits in its session, which the second one goes on with.
        await first.KillAsync();
        await PublishAsync(broker.Port, "factory/press-1/temp", "99");
        Assert.Equal(0, (await AskAsync(second, "source", "resume", "factory")).Exit);
        await StateAsync(second, "connected");
        await MessagesAsync(second, 1);
        Assert.True((bool)(await second.Door.GetAsync("api/v1/sources/factory"))["sessionPresent"]!);
    }

    [Fact]
    public async Task Without_room_a_source_is_stalled_and_says_why_and_goes_on_by_itself_with_all_that_came()
    {
        _plant.File("m.yaml", Mapping);
        await using var broker = await MosquittoBroker.StartAsync(_plant.Path);
        var (free, total) = (50L << 30, 100L << 30);
        await using var server = await InProcessServer.StartAsync(Path.Combine(_folder.Path, "data"), new SimulatedDisk(new Random(7)), () => (Interlocked.Read(ref free), total));
        Assert.Equal(global::System.Net.HttpStatusCode.OK, await server.Door.PutAsync("api/v1/mappings/factory/document", "application/yaml", Mapping));
        var source = new global::System.Text.Json.Nodes.JsonObject
        {
            ["url"] = $"mqtt://127.0.0.1:{broker.Port}", ["topics"] = new global::System.Text.Json.Nodes.JsonArray("factory/#"), ["mapping"] = "factory",
        };
        var (status, body) = await server.Door.AskAsync(HttpMethod.Put, "api/v1/sources/factory", source);
        Assert.True(status == global::System.Net.HttpStatusCode.OK, body);
        await Eventually.HoldsAsync(async () => (string?)(await server.Door.GetAsync("api/v1/sources/factory"))["topics"]![0]!["answer"] == "QoS 1", Patience, "the source is subscribed");
        await PublishAsync(broker.Port, "factory/press-1/temp", "0");
        await Eventually.HoldsAsync(async () => await StoredAsync() == 1, Patience, "the first value is stored");

        Interlocked.Exchange(ref free, 1L << 20);
        await Eventually.HoldsAsync(async () => !(await server.Door.ReadinessAsync()).IsReady, Patience, "the want of room is noticed");
        for (var i = 1; i <= 3; i++)
        {
            await PublishAsync(broker.Port, "factory/press-1/temp", $"{i}");
        }

        // The first that waits stalls it, and the others come when they come.
        await Eventually.HoldsAsync(async () => (int)(await server.Door.GetAsync("api/v1/sources/factory"))["counts"]!["waiting"]! == 3, Patience, "all three wait");
        var stalled = await server.Door.GetAsync("api/v1/sources/factory");
        Assert.Equal(("stalled", 1), ((string?)stalled["state"], (int)stalled["counts"]!["stored"]!));
        Assert.Contains("of the disk are free", (string?)stalled["why"], StringComparison.Ordinal);

        Interlocked.Exchange(ref free, 50L << 30);
        await Eventually.HoldsAsync(async () => await StoredAsync() == 4, Patience, "all that waited is stored");
        Assert.Equal("connected", (string?)(await server.Door.GetAsync("api/v1/sources/factory"))["state"]);

        async Task<int> StoredAsync() => (int)(await server.Door.GetAsync("api/v1/sources/factory"))["counts"]!["stored"]!;
    }

    private static Task StateAsync(ServerProcess server, string state) => Eventually.HoldsAsync(
        async () =>
        {
            var source = await server.Door.GetAsync("api/v1/sources/factory");
            return (string?)source["state"] == state && (state != "connected" || (string?)source["topics"]![0]!["answer"] == "QoS 1");
        },
        Patience,
        $"the source is {state}");

    private static Task MessagesAsync(ServerProcess server, int messages) => Eventually.HoldsAsync(
        async () => (int)(await server.Door.GetAsync("api/v1/sources/factory"))["counts"]!["stored"]! == messages, Patience, $"{messages} messages are stored");

    private static async Task PublishAsync(int port, string topic, string payload)
    {
        await using var run = ChildProcess.Start("mosquitto_pub", ["-h", "127.0.0.1", "-p", $"{port}", "-q", "1", "-t", topic, "-m", payload]);
        await run.EndAsync().WaitAsync(Patience);
        Assert.True(run.ExitCode == 0, run.Errors);
    }

    private async Task<(int Exit, string Output, string Errors)> AskAsync(ServerProcess server, params string[] arguments)
    {
        // The backup was taken of the first one, so both know the same token.
        await using var run = ChildProcess.Start(ServerProcess.Binary, [.. arguments, "--server", server.Door.Http.ToString(), "--token-file", Path.Combine(_folder.Path, "data", "admin.token")]);
        var lines = await run.EndAsync().WaitAsync(Patience);
        return (run.ExitCode, string.Join('\n', lines), run.Errors);
    }
}
