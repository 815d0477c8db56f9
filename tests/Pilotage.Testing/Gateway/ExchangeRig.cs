using System.Text;
using Pilotage.Broker;
using Pilotage.Broker.Sessions;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Testing.Gateway;

/// <summary>An exchange over a simulated disk and a manual clock; can lose its power and come back.</summary>
internal sealed class ExchangeRig
{
    public static readonly TenantId Acme = new("acme");
    private readonly BrokerOptions _options;
    private SessionLog _log = null!;

    public ExchangeRig(BrokerOptions? options = null)
    {
        _options = options ?? new();
        Open();
    }

    public SimulatedDisk Disk { get; } = new(new Random(1));

    public ManualTime Time { get; } = new();

    public Exchange Exchange { get; private set; } = null!;

    /// <summary>The log's writer: held, records gather and nothing is durable until it is let go.</summary>
    public InlineScheduler Writer { get; private set; } = new();

    /// <summary>Forgets what was not synced and starts again from the rest.</summary>
    public void PowerCut()
    {
        Disk.Cut();
        Open();
    }

    public async Task RestartAsync()
    {
        await _log.DisposeAsync();
        Open();
    }

    public async Task<Attachment> AttachAsync(
        string clientId,
        FakeLink link,
        uint expiry = 3600,
        bool clean = false,
        WillMessage? will = null,
        QueueOverflow overflow = QueueOverflow.DropOldest,
        TenantId? tenant = null)
    {
        var who = new ClientIdentity(tenant ?? Acme, clientId, null, "test", "test");
        var packet = new ConnectPacket { ClientId = clientId, CleanStart = clean, Will = will };
        var attachment = Exchange.Attach(who, packet, overflow, expiry, link);
        await attachment.Stored;
        return attachment;
    }

    public async Task SubscribeAsync(Session session, string filter, byte qos = 1)
    {
        if (!Exchange.TrySubscribe(session, new(filter, qos, false, false, 0, null), out _, out var stored))
        {
            throw new InvalidOperationException($"{session.ClientId} may not subscribe to {filter}.");
        }

        await stored;
    }

    public async Task<MqttReason> PublishAsync(
        string topic, string text, byte qos = 1, bool retain = false, uint? expiry = null, TenantId? tenant = null)
    {
        var message = new MqttMessage
        {
            Topic = topic,
            Payload = Encoding.UTF8.GetBytes(text),
            Qos = qos,
            Retain = retain,
            ExpirySeconds = expiry,
        };
        var outcome = Exchange.Route(tenant ?? Acme, null, message.AsView());
        await outcome.Stored;
        return outcome.Reason;
    }

    /// <summary>Publishes with QoS 2 for a client; answers what became of it, stored or not.</summary>
    public RouteOutcome PublishOnce(Session publisher, string topic, string text, ushort packetId)
    {
        var message = new MqttMessage { Topic = topic, Payload = Encoding.UTF8.GetBytes(text), Qos = 2 };
        return Exchange.Route(Acme, publisher, message.AsView(), packetId);
    }

    private void Open()
    {
        Writer = new();
        var options = new CommitLogOptions { Name = "sessions", SegmentBytes = 16 * 1024, Writer = Writer };
        _log = new(CommitLog.Open(Disk.Root, options, Time));
        Exchange = new(_options, _log, Time);
        Exchange.Restore(_log.Recover(_options.ReceiveMaximum));
        _ = Exchange.RunStepsAsync();
    }
}
