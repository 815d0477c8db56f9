using System.Text;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>A message inside the broker; shared by all sessions that wait for it.</summary>
/// <remarks>
/// Those of the <see cref="MessagePool"/> are used again once nobody holds them: whoever reads one holds the exchange's
/// lock, or a message that is not of the pool.
/// </remarks>
internal sealed class StoredMessage
{
    private const long NsPerSecond = 1_000_000_000;
    private ReadOnlyMemory<byte> _payload;

    /// <summary>One that stays for good; the message's payload is taken over.</summary>
    /// <param name="id">Unique in this broker for good; what acks and drops refer to in the session log.</param>
    /// <param name="message">As published.</param>
    /// <param name="sinceNs">When the broker took it, by the exchange's age clock; 0 where nothing depends on it.</param>
    public StoredMessage(ulong id, MqttMessage message, long sinceNs)
    {
        Begin(id, message.AsView(), sinceNs);
        _payload = message.Payload;
    }

    /// <summary>One that stays for good, a copy.</summary>
    public StoredMessage(ulong id, in MessageView message, long sinceNs)
    {
        Begin(id, message, sinceNs);
        _payload = message.Payload.ToArray();
    }

    /// <summary>The same message as another one that stays, under a number of its own.</summary>
    public StoredMessage(ulong id, StoredMessage other)
    {
        Begin(id, other.View, other.SinceNs);
        _payload = other._payload;
    }

    private StoredMessage() => IsPooled = true;

    public ulong Id { get; private set; }

    public string Topic { get; private set; } = "";

    public ReadOnlySpan<byte> Payload => _payload.Span;

    public byte Qos { get; private set; }

    public bool Retain { get; private set; }

    public MqttProperties? Properties { get; private set; }

    public long SinceNs { get; private set; }

    /// <summary>What it counts for against limits.</summary>
    public int Bytes { get; private set; }

    /// <summary>Whether it is used again once <see cref="Holders"/> is 0.</summary>
    public bool IsPooled { get; }

    /// <summary>How many hold it; counted by the pool.</summary>
    public int Holders { get; set; }

    /// <summary>Where a pooled one keeps its payload.</summary>
    public byte[] Buffer { get; private set; } = [];

    public MessageView View =>
        new() { Topic = Topic, Payload = Payload, Qos = Qos, Retain = Retain, Properties = Properties };

    /// <summary>Whether its message expiry has passed (MQTT-3.3.2-5).</summary>
    public bool IsExpired(long nowNs) =>
        Properties?.MessageExpiry is { } seconds && nowNs - SinceNs >= seconds * NsPerSecond;

    /// <summary>What is left of its expiry, as the receiver must see it (MQTT-3.3.2-6).</summary>
    public uint? ExpiryLeft(long nowNs) => ExpiryLeft(Properties, SinceNs, nowNs);

    /// <summary>The same of a message that came then.</summary>
    public static uint? ExpiryLeft(MqttProperties? properties, long sinceNs, long nowNs)
    {
        if (properties?.MessageExpiry is not { } seconds)
        {
            return null;
        }

        // A receiver must not be told more than the publisher gave, whatever was lost of the clock in a crash.
        var waited = Math.Clamp((nowNs - sinceNs) / NsPerSecond, 0, seconds);
        return (uint)(seconds - waited);
    }

    /// <summary>An empty one for the pool.</summary>
    public static StoredMessage OfPool() => new();

    /// <summary>For the pool: takes another message in.</summary>
    public void Fill(ulong id, in MessageView message, long sinceNs)
    {
        Begin(id, message, sinceNs);
        if (Buffer.Length < message.Payload.Length)
        {
            Buffer = GC.AllocateUninitializedArray<byte>(message.Payload.Length);
        }

        message.Payload.CopyTo(Buffer);
        _payload = Buffer.AsMemory(0, message.Payload.Length);
    }

    /// <summary>For the pool: lets go of what it has.</summary>
    public void Empty()
    {
        _payload = default;
        Topic = "";
        Properties = null;
    }

    private void Begin(ulong id, in MessageView message, long sinceNs)
    {
        (Id, Topic, Qos, Retain) = (id, message.Topic, message.Qos, message.Retain);
        Properties = message.Properties;
        SinceNs = sinceNs;
        Bytes = Encoding.UTF8.GetByteCount(message.Topic) + message.Payload.Length;
    }
}
