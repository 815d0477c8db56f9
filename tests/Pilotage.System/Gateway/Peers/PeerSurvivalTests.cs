using System.Text;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Gateway.Peers;

/// <summary>QoS 2 of clients that others wrote while the broker is killed under them; they come back by themselves.</summary>
public sealed class PeerSurvivalTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Kills = 2;
    private const int BetweenKills = 40;
    private const int Underway = 8;
    private const string Topic = "acme/stream";
    private const string Last = "last";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pilotage-peers-");

    private ChildProcess? _broker;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    // Every client by each way in by which it comes back, in one version or the other; all of both would take minutes.
    // MQTT.js makes an error of a PUBCOMP with 0x92: the broker must know what it has released before the kill.
    // paho-mqtt 1.6.1 publishes anew what only waited for PUBCOMP when an attempt to come back fails; paho_mqtt.py waits for the
    // broker before it lets it try.
    // mosquitto's clients end themselves when a TLS connection is cut: OpenSSL 3 calls that an error, and 2.0.11 gives up.
    [Theory]
    [InlineData("mosquitto", "tcp", "5")]
    [InlineData("mosquitto", "tcp", "3.1.1")]
    [InlineData("mqttjs", "tcp", "5")]
    [InlineData("mqttjs", "tls", "3.1.1")]
    [InlineData("mqttjs", "mutual", "5")]
    [InlineData("mqttjs", "ws", "3.1.1")]
    [InlineData("mqttjs", "wss", "5")]
    [InlineData("paho", "tcp", "5")]
    [InlineData("paho", "mutual", "3.1.1")]
    [InlineData("paho", "ws", "3.1.1")]
    [InlineData("paho", "wss", "5")]
    public async Task What_was_seen_through_is_there_exactly_once_after_kills(string peer, string transport, string version)
    {
        var listeners = PeerListeners.Create(_folder.FullName);
        var port = GatewayProcess.FreePort();
        var client = Peer.Named(peer);
        _broker = await StartAsync(transport, port);
        var call = new PeerCall("subscribe", PeerListeners.Url(transport, port), version, "reader")
        {
            Files = listeners.Files(transport),
            Topic = Topic,
            Lasting = true,
        };

        // mosquitto_sub 2.0.11 keeps a message that is sent again beside the first, and tells it in place of the next one under that identifier.
        await using var reader = peer == "mosquitto" ? null : await client.SubscribeAsync(call);
        await using var own = new OwnClient(listeners.Client(transport, port, "own", lasting: true));
        await own.StartAsync(Topic);

        var sent = await StreamAsync(client, call with { Mode = "stream", ClientId = "writer" }, () => StartAsync(transport, port));
        await own.PublishAsync(Topic, Last);

        var numbers = Enumerable.Range(1, sent);
        Assert.Equal(numbers, (await UpToTheLastAsync(async () => Encoding.UTF8.GetString((await own.NextAsync()).Payload.Span))).Order());
        if (reader is not null)
        {
            Assert.Equal(numbers, (await UpToTheLastAsync(async () => (await Peer.NextMessageAsync(reader)).Payload)).Order());
        }

        output.WriteLine($"{Kills} kills: {sent} sent, seen through and received once");
        output.WriteLine(PromiseTotals.Line("P1", ("kills", Kills), ("messages accounted", sent)));
    }

    /// <summary>Feeds a writer with numbers, a few under way at a time, and kills the broker meanwhile; all were seen through in the end.</summary>
    private async Task<int> StreamAsync(Peer client, PeerCall call, Func<Task<ChildProcess>> startAgain)
    {
        await using var writer = client.Start(call);
        var sent = 0;
        for (; sent < Underway; await writer.WriteLineAsync($"{++sent}"))
        {
        }

        for (var kill = 0; kill <= Kills; kill++)
        {
            for (var seen = 0; seen < BetweenKills; seen++)
            {
                await client.NextPublishedAsync(writer, call);
                await writer.WriteLineAsync($"{++sent}");
            }

            if (kill < Kills)
            {
                _broker!.Kill();
                await _broker.DisposeAsync();
                _broker = await startAgain();
            }
        }

        writer.EndInput();
        await writer.EndAsync().WaitAsync(Peer.Patience);
        Assert.True(writer.ExitCode == 0, writer.Errors);
        return sent;
    }

    private static async Task<List<int>> UpToTheLastAsync(Func<Task<string>> next)
    {
        var numbers = new List<int>();
        for (var payload = await next(); payload != Last; payload = await next())
        {
            numbers.Add(int.Parse(payload));
        }

        return numbers;
    }

    private async Task<ChildProcess> StartAsync(string transport, int port)
    {
        var broker = ChildProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "Pilotage.System"), ["gateway-for-peers", _folder.FullName, transport, $"{port}"]);
        await broker.WaitForAsync("ready", Peer.Patience);
        return broker;
    }
}
