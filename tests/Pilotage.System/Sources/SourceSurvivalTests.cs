using System.Net;
using System.Text.Json.Nodes;
using Pilotage.System.Limits;
using Pilotage.System.Server;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Sources;

/// <summary>A foreign broker and the server are killed and started again: nothing is lost that the broker still held.</summary>
public sealed class SourceSurvivalTests(ITestOutputHelper output)
{
    private const string Mapping = """
        format: pilotage.mapping/1
        name: factory
        version: 1
        rules:
          report:
            topic: factory/{line}/{machine}/report
            device: "{tenant}/lyon/{line}/{machine}"
            thing: press
            time: {field: /at, format: ms}
        """;

    // Taken by the server and not acknowledged when it was killed, at most: these may come twice.
    private const int Window = 256;
    private const int Burst = 400;
    private const long StretchMs = 40_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Random _random = new(TestSize.Seed);

    [Fact]
    public async Task Nothing_that_a_foreign_broker_still_held_is_lost_when_either_side_is_killed()
    {
        var rounds = TestSize.Count(3, 30);
        using var folder = new TemporaryFolder();
        using var plant = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync(plant.Path);
        await using var load = new PlantLoad(broker.Port);
        await load.ConnectAsync();
        var server = await ServerProcess.StartAsync(folder.Path);
        try
        {
            await AddAsync(server.Door, broker.Port);
            var kills = 0;
            for (var round = 0; round < rounds; round++)
            {
                server = await KilledUnderLoadAsync(server, folder.Path, load);
                await FrozenWhileBrokerDiesAsync(server, broker, load);
                server = await AwayWhileBrokerDiesAsync(server, folder.Path, broker, load);
                kills += 2;
                await AccountAsync(server.Door, load, kills);
            }

            var source = await server.Door.GetAsync("api/v1/sources/factory");
            output.WriteLine($"{kills} kills of the server, {2 * rounds} of mosquitto: {load.Acked.Count} messages taken on by mosquitto, all stored; {source["counts"]!.ToJsonString()}");
            output.WriteLine(PromiseTotals.Line("P1", ("kills", kills + (2 * rounds)), ("messages accounted", load.Acked.Count)));
            Assert.True(load.Acked.Count >= rounds * 3 * Burst);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static async Task AddAsync(ServerDoor door, int port)
    {
        Assert.Equal(HttpStatusCode.OK, await door.PutAsync("api/v1/mappings/factory/document", "application/yaml", Mapping));
        var source = new JsonObject { ["url"] = $"mqtt://127.0.0.1:{port}", ["topics"] = new JsonArray("factory/#"), ["mapping"] = "factory", ["qos"] = 2 };
        var (status, body) = await door.AskAsync(HttpMethod.Put, "api/v1/sources/factory", source);
        Assert.True(status == HttpStatusCode.OK, body);
        await Eventually.HoldsAsync(async () => (string?)(await door.GetAsync("api/v1/sources/factory"))["topics"]![0]!["answer"] == "QoS 2", Patience, "the broker granted the subscription");
    }

    /// <summary>SIGKILL of the server at some moment of a load.</summary>
    private async Task<ServerProcess> KilledUnderLoadAsync(ServerProcess server, string data, PlantLoad load)
    {
        await load.PublishWhileAsync(KillSoonAsync(server));
        await server.DisposeAsync();
        var next = await ServerProcess.StartAsync(data);
        await load.PublishAsync(Burst);
        return next;
    }

    /// <summary>The server stands still with messages that it has not acknowledged; the broker saves, dies and comes back.</summary>
    private static async Task FrozenWhileBrokerDiesAsync(ServerProcess server, MosquittoBroker broker, PlantLoad load)
    {
        ChildProcess.Freeze(server.Id);
        await load.PublishAsync(Burst);
        await broker.SaveAsync();
        await broker.KillAsync();
        await broker.StartAsync();
        ChildProcess.Thaw(server.Id);
        await load.PublishAsync(Burst);
    }

    /// <summary>The server is gone while the broker collects for it, saves, dies and comes back.</summary>
    private static async Task<ServerProcess> AwayWhileBrokerDiesAsync(ServerProcess server, string data, MosquittoBroker broker, PlantLoad load)
    {
        await server.KillAsync();
        await server.DisposeAsync();
        await load.PublishAsync(Burst);
        await broker.SaveAsync();
        await broker.KillAsync();
        await broker.StartAsync();
        return await ServerProcess.StartAsync(data);
    }

    private async Task AccountAsync(ServerDoor door, PlantLoad load, int kills)
    {
        var missing = new List<long>();
        await Eventually.HoldsAsync(
            async () =>
            {
                var stored = await StoredAsync(door, load);
                missing = [.. load.Acked.Where(number => !stored.Contains(number))];
                return missing.Count == 0;
            },
            Patience,
            "every message that mosquitto took on is stored");
        var account = await door.GetAsync("api/v1/messages/account?path=default/lyon/**");
        var (messages, twice, overwritten) = ((long)account["messages"]!, (long)account["duplicates"]!, (long)account["overwritten"]!);
        output.WriteLine($"stored {messages}, {twice} came twice");
        Assert.Equal(0, overwritten);
        Assert.InRange(messages, load.Acked.Count, load.Acked.Count + Window);
        Assert.InRange(twice, 0, (2 * kills + 2) * (Window + Burst));
    }

    /// <summary>The numbers of all that is stored; each must stand at its own time, with the value that belongs to it.</summary>
    private static async Task<HashSet<long>> StoredAsync(ServerDoor door, PlantLoad load)
    {
        var stored = new HashSet<long>();
        for (var machine = 0; machine < PlantLoad.Machines; machine++)
        {
            for (var from = 0L; from <= load.Acked.Max() + Window; from += StretchMs)
            {
                await ReadAsync(door, machine, PlantLoad.FirstMs + from, stored);
            }
        }

        return stored;
    }

    private static async Task ReadAsync(ServerDoor door, int machine, long fromMs, HashSet<long> stored)
    {
        var name = PlantLoad.Machine(machine);
        var (status, body) = await door.AskAsync(HttpMethod.Get, $"api/v1/devices/{name}/series/n?points=20000&from={At(fromMs)}&to={At(fromMs + StretchMs - 1)}");
        if (status == HttpStatusCode.NotFound)
        {
            // Nothing of it is stored yet.
            return;
        }

        Assert.True(status == HttpStatusCode.OK, body);
        var answer = JsonNode.Parse(body)!;
        Assert.False((bool)answer["decimated"]!);
        foreach (var point in answer["points"]!.AsArray())
        {
            var number = (long)(double)point![1]!;
            Assert.True((long)Math.Round((double)point[0]!) == PlantLoad.FirstMs + number && number % PlantLoad.Machines == machine, $"{point.ToJsonString()} of {name}");
            stored.Add(number);
        }
    }

    private static string At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    private async Task KillSoonAsync(ServerProcess server)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(20, 600)), TimeProvider.System);
        await server.KillAsync();
    }
}
