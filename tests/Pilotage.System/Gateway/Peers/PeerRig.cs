using System.Text;
using System.Threading.Channels;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.System.Gateway.Peers;

/// <summary>One broker with every way in, for all tests of a class; topics and client identifiers keep them apart.</summary>
public sealed class PeerRig : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pilotage-peers-");

    internal PeerListeners Listeners { get; private set; } = null!;

    internal TestBroker Broker { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Listeners = PeerListeners.Create(_folder.FullName);
        Broker = await TestBroker.StartAsync(
            new() { Listeners = [.. PeerListeners.Names.Select(name => Listeners.Listener(name))] }, Listeners.Hooks());
    }

    public async Task DisposeAsync()
    {
        await Broker.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    internal PeerCall Call(string mode, string transport, string version, string clientId) =>
        new(mode, PeerListeners.Url(transport, Port(transport)), version, clientId) { Files = Listeners.Files(transport) };

    /// <summary>Our own client, connected and subscribed; what it hears, in order.</summary>
    internal async Task<OwnClient> OwnAsync(string transport, string clientId, string? filter = null)
    {
        var own = new OwnClient(Listeners.Client(transport, Port(transport), clientId));
        await own.StartAsync(filter);
        return own;
    }

    private int Port(string transport) => Broker.Broker.BoundEndpoints.Single(endpoint => endpoint.Listener == transport).Port;
}

/// <summary>A client of ours and what it has heard.</summary>
internal sealed class OwnClient : IAsyncDisposable
{
    private readonly Channel<MqttMessage> _messages = Channel.CreateUnbounded<MqttMessage>();

    public OwnClient(MqttClient client)
    {
        Client = client;
        client.OnMessage = (message, stopping) => _messages.Writer.WriteAsync(message, stopping);
    }

    public MqttClient Client { get; }

    public async Task StartAsync(string? filter)
    {
        await Client.ConnectAsync(default).WaitAsync(Peer.Patience);
        if (filter is not null)
        {
            Assert.Equal(MqttReason.GrantedQos2, await Client.SubscribeAsync(filter, 2, default));
        }
    }

    public async Task PublishAsync(string topic, string payload, byte qos = 2)
    {
        var message = new MqttMessage { Topic = topic, Payload = Encoding.UTF8.GetBytes(payload), Qos = qos };
        Assert.Equal(MqttReason.Success, await Client.PublishAsync(message, default).AsTask().WaitAsync(Peer.Patience));
    }

    public async Task<MqttMessage> NextAsync() => await _messages.Reader.ReadAsync().AsTask().WaitAsync(Peer.Patience);

    public ValueTask DisposeAsync() => Client.DisposeAsync();
}
