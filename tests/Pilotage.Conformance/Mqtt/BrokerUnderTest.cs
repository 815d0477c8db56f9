using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;

namespace Pilotage.Conformance.Mqtt;

/// <summary>
/// The broker of one test: a fresh one of ours, or a turn at the one that <see cref="Target"/> names, which is left as it
/// was found: without retained messages and without the sessions that the test has opened.
/// </summary>
internal sealed class BrokerUnderTest : IAsyncDisposable
{
    private static readonly SemaphoreSlim Turn = new(1);
    private readonly TestBroker? _own;
    private int _publishers;

    private BrokerUnderTest(TestBroker? own) => _own = own;

    /// <summary>Port of the plain listener.</summary>
    public int Port => _own?.Port ?? Target.Foreign!.Port;

    /// <summary>The host of our own broker.</summary>
    public OpenHooks Hooks => Own.Hooks;

    /// <summary>Our own broker, from the inside.</summary>
    public MqttBroker Broker => Own.Broker;

    private TestBroker Own => _own ?? throw new InvalidOperationException("The test needs [OwnFact] or [OwnTheory].");

    /// <summary>The options and the clock count for a broker of our own only.</summary>
    public static async Task<BrokerUnderTest> StartAsync(BrokerOptions? options = null, TimeProvider? time = null)
    {
        if (Target.Foreign is null)
        {
            return new(await TestBroker.StartAsync(options, time: time));
        }

        await Turn.WaitAsync();
        RawClient.Seen.Clear();
        return new(null);
    }

    /// <summary>Stops our own broker and starts another one over the same state.</summary>
    public Task RestartAsync() => Own.RestartAsync();

    public Task<RawClient> OpenAsync(MqttVersion version = MqttVersion.V5) => RawClient.OpenAsync(Port, version);

    /// <summary>Opens, connects, and expects to be accepted; a lasting client asks for its earlier session too.</summary>
    public async Task<RawClient> ConnectAsync(
        string clientId, MqttVersion version = MqttVersion.V5, bool lasting = false, MqttProperties? properties = null) =>
        (await RawClient.ConnectAsync(Port, clientId, version, packet => packet with
        {
            CleanStart = !lasting,
            Properties = version == MqttVersion.V311 ? null : properties ?? (lasting ? new() { SessionExpiry = 600 } : null),
        })).Client;

    /// <summary>Publishes as another client would, and returns when the broker has the message.</summary>
    public async Task PublishAsync(MqttMessage message)
    {
        using var client = await ConnectAsync($"publisher{++_publishers}");
        await client.SendAsync(target => MqttEncoder.Publish(
            target,
            MqttVersion.V5,
            message,
            new()
            {
                Qos = message.Qos,
                PacketId = message.Qos == 0 ? (ushort)0 : (ushort)1,
                Retain = message.Retain,
                ExpirySeconds = message.ExpirySeconds,
            },
            int.MaxValue));
        await client.SettleAsync(message.Qos, 1);
    }

    public Task PublishAsync(string topic, string text, byte qos = 0, bool retain = false) => PublishAsync(
        new() { Topic = topic, Payload = System.Text.Encoding.UTF8.GetBytes(text), Qos = qos, Retain = retain });

    public async ValueTask DisposeAsync()
    {
        if (_own is not null)
        {
            await _own.DisposeAsync();
            return;
        }

        try
        {
            await CleanUpAsync();
        }
        finally
        {
            Turn.Release();
        }
    }

    private async Task CleanUpAsync()
    {
        foreach (var clientId in RawClient.Seen.ToList())
        {
            using var client = await ConnectAsync(clientId);
            await client.SendAsync(0xE0, 0x00);
            await client.ExpectEndAsync();
        }

        using var cleaner = await ConnectAsync("cleaner");
        await cleaner.SubscribeAsync(new SubscribeFilter("#", 0));
        foreach (var topic in await cleaner.RetainedAsync())
        {
            await cleaner.PublishAsync(topic, "", retain: true);
        }

        await cleaner.DrainAsync();
    }
}
