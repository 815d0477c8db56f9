using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Gateway;

/// <summary>QoS 2 from client to client while the broker between them is killed again and again.</summary>
public sealed class ExactlyOnceTests(ITestOutputHelper output)
{
    private static readonly int Kills = TestSize.Count(30, 600);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Random _random = new(9);
    private readonly ConcurrentBag<int> _acked = [];
    private readonly ConcurrentDictionary<int, int> _received = [];
    private int _sent;

    [Fact]
    public async Task Nothing_is_lost_and_nothing_comes_twice_however_often_the_broker_is_killed()
    {
        var path = Directory.CreateTempSubdirectory("pilotage-once-").FullName;
        var port = GatewayProcess.FreePort();
        var broker = await StartAsync(path, port);
        await using var reader = Client(port, "reader");
        reader.OnMessage = (message, _) =>
        {
            _received.AddOrUpdate(BitConverter.ToInt32(message.Payload.Span), 1, (_, times) => times + 1);
            return default;
        };
        await reader.ConnectAsync(default).WaitAsync(Patience);
        await reader.SubscribeAsync("acme/n", 2, default);
        await using var publisher = Client(port, "publisher");
        await publisher.ConnectAsync(default).WaitAsync(Patience);
        using var enough = new CancellationTokenSource();
        var publishing = Enumerable.Range(0, 8).Select(_ => PublishAsync(publisher, enough.Token)).ToArray();
        for (var kill = 0; kill < Kills; kill++)
        {
            await UntilAcknowledgedAsync(_acked.Count + 20);
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(2, 100)), TimeProvider.System, default);
            broker.Kill();
            await broker.EndAsync();
            await broker.DisposeAsync();
            broker = await StartAsync(path, port);
        }

        await enough.CancelAsync();
        await Task.WhenAll(publishing).WaitAsync(Patience);
        using var patience = new CancellationTokenSource(Patience);
        while (_received.Count < _acked.Count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }

        output.WriteLine($"{Kills} kills: {_sent} sent, {_acked.Count} acknowledged, {_received.Count} received");
        output.WriteLine(PromiseTotals.Line("P1", ("kills", Kills), ("messages accounted", _acked.Count)));
        Assert.Empty(_acked.Except(_received.Keys));
        Assert.DoesNotContain(_received, pair => pair.Value != 1);
        await broker.DisposeAsync();
        Directory.Delete(path, recursive: true);
    }

    /// <summary>Each publish is seen through, whatever happens to the broker: that is what QoS 2 promises.</summary>
    private async Task PublishAsync(MqttClient publisher, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _sent);
            var message = new MqttMessage { Topic = "acme/n", Payload = BitConverter.GetBytes(number), Qos = 2 };
            Assert.Equal(MqttReason.Success, await publisher.PublishAsync(message, default));
            _acked.Add(number);
        }
    }

    private async Task UntilAcknowledgedAsync(int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (_acked.Count < count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }

    private static async Task<ChildProcess> StartAsync(string path, int port)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Pilotage.System");
        var broker = ChildProcess.Start(program, ["gateway", path, "--port", $"{port}"]);
        await broker.WaitForAsync("ready", Patience);
        return broker;
    }

    private static MqttClient Client(int port, string clientId) => new(
        new()
        {
            Endpoint = MqttEndpoint.Tcp("127.0.0.1", port),
            ClientId = clientId,
            CleanStart = false,
            SessionExpiry = TimeSpan.FromDays(1),
            BackoffMin = TimeSpan.FromMilliseconds(20),
            BackoffMax = TimeSpan.FromMilliseconds(200),
        },
        TimeProvider.System,
        new(1),
        NullLogger<MqttClient>.Instance);
}
