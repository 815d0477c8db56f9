using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.System.Store;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Gateway;

/// <summary>P1 at the level of the broker: an offline session's messages, acknowledged to their publisher, survive.</summary>
public sealed class GatewaySurvivalTests(ITestOutputHelper output)
{
    // Messages under way at a time: what is published together is made durable together.
    private const int UnderWay = 64;
    private static readonly int Kills = TestSize.Count(60, 2000);
    private static readonly int Cuts = TestSize.Count(40, 800);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Random _random = new(7);

    // After so many cuts what is queued is taken out for good: the queue is to be lost, not to grow.
    private const int CutsEach = 10;
    private readonly HashSet<int> _acked = [];
    private int _accounted;
    private int _sent;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_however_often_the_broker_is_killed()
    {
        var path = Directory.CreateTempSubdirectory("pilotage-gateway-").FullName;
        try
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                await PublishAndKillAsync(path, isUnsynced: false);
                Assert.Equal(0, Account(await DrainAsync(path)));
            }

            Report(Kills, "kills");
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [PowerCutFact]
    public async Task Nothing_acknowledged_is_lost_however_often_the_power_is_cut()
    {
        Assert.Equal(0, await CutAsync(Cuts, isUnsynced: false));
        Report(Cuts, "power cuts");
    }

    [PowerCutFact]
    public async Task The_same_loop_reports_loss_when_syncing_is_switched_off() =>
        Assert.True(await CutAsync(3, isUnsynced: true) > 0, "a broker that never syncs lost nothing: the harness is blind");

    private async Task<int> CutAsync(int cuts, bool isUnsynced)
    {
        await using var volume = await PowerCutVolume.CreateAsync();
        var lost = 0;
        for (var cut = 0; cut < cuts; cut++)
        {
            await PublishAndKillAsync(Path.Combine(volume.MountPath, "state"), isUnsynced);
            await volume.InspectCutAsync(async mount =>
                lost += _acked.Except(await DrainAsync(Path.Combine(mount, "state"))).Count());
            if (!isUnsynced && cut % CutsEach == CutsEach - 1)
            {
                lost += Account(await DrainAsync(Path.Combine(volume.MountPath, "state")));
            }
        }

        return lost;
    }

    /// <summary>How many of those acknowledged did not arrive; from then on they are accounted for.</summary>
    private int Account(HashSet<int> received)
    {
        var lost = _acked.Count(number => !received.Contains(number));
        _accounted += _acked.Count;
        _acked.Clear();
        return lost;
    }

    private void Report(int times, string what)
    {
        var acked = _accounted + _acked.Count;
        output.WriteLine($"{times} {what}: {_sent} sent, {acked} acknowledged, 0 lost");
        output.WriteLine(PromiseTotals.Line("P1", (what, times), ("messages accounted", acked)));
        Assert.True(acked > 50 * times, $"only {acked} messages were acknowledged");
    }

    private async Task PublishAndKillAsync(string path, bool isUnsynced)
    {
        string[] flags = isUnsynced ? ["--no-sync"] : [];
        await using var broker = ChildProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "Pilotage.System"), ["gateway", path, .. flags]);
        var port = int.Parse((await broker.WaitForAsync("ready", Patience)).Split(' ')[1]);
        if (_sent == 0)
        {
            // Once: a reader that came back here would take messages that the account is still to find.
            await using var reader = Reader(port);
            await reader.ConnectAsync(default);
            await reader.SubscribeAsync("acme/#", 1, default);
        }

        var acked = new ConcurrentBag<int>();
        var publisher = Client(new() { Endpoint = MqttEndpoint.Tcp("127.0.0.1", port), ClientId = "publisher" });
        await publisher.ConnectAsync(default);
        using var dead = new CancellationTokenSource();
        var publishing = Enumerable.Range(0, UnderWay).Select(_ => PublishAsync(publisher, acked, dead.Token)).ToArray();
        while (acked.IsEmpty)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, default);
        }

        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(2, 200)), TimeProvider.System, default);
        broker.Kill();
        await broker.EndAsync();
        await dead.CancelAsync();
        await Task.WhenAll(publishing);
        await publisher.DisposeAsync();
        _acked.UnionWith(acked);
    }

    private async Task PublishAsync(MqttClient publisher, ConcurrentBag<int> acked, CancellationToken dead)
    {
        try
        {
            while (true)
            {
                var number = Interlocked.Increment(ref _sent);
                var message = new MqttMessage { Topic = "acme/n", Payload = BitConverter.GetBytes(number), Qos = 1 };
                if (await publisher.PublishAsync(message, dead) == MqttReason.Success)
                {
                    acked.Add(number);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The broker is dead; what was in flight was not acknowledged.
        }
    }

    private static async Task<HashSet<int>> DrainAsync(string path)
    {
        await using var broker = await GatewayProcess.OpenAsync(path, isUnsynced: false);
        var received = new HashSet<int>();
        await using var reader = Reader(broker.BoundEndpoints[0].Port);
        reader.OnMessage = (message, _) =>
        {
            lock (received)
            {
                received.Add(BitConverter.ToInt32(message.Payload.Span));
            }

            return default;
        };
        await reader.ConnectAsync(default).WaitAsync(Patience);
        using var patience = new CancellationTokenSource(Patience);
        while (broker.Clients.Single(c => c.Identity.ClientId == "reader").Queued > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }

        return received;
    }

    private static MqttClient Reader(int port) => Client(new()
    {
        Endpoint = MqttEndpoint.Tcp("127.0.0.1", port),
        ClientId = "reader",
        CleanStart = false,
        SessionExpiry = TimeSpan.FromDays(1),
    });

    private static MqttClient Client(MqttClientOptions options) =>
        new(options, TimeProvider.System, new(1), NullLogger<MqttClient>.Instance);
}
