using System.Text;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>A message inside the broker; shared by all sessions that wait for it.</summary>
/// <param name="Id">Unique in this broker for good; what acks and drops refer to in the session log.</param>
/// <param name="Message">As published, without its retain flag where it no longer counts.</param>
/// <param name="ReceivedNs">When the broker took it, ns since the Unix epoch; expiry counts from here.</param>
internal sealed record StoredMessage(ulong Id, MqttMessage Message, long ReceivedNs)
{
    private const long NsPerSecond = 1_000_000_000;

    /// <summary>What it counts for against limits.</summary>
    public int Bytes { get; } = Encoding.UTF8.GetByteCount(Message.Topic) + Message.Payload.Length;

    /// <summary>Whether its message expiry has passed (MQTT-3.3.2-5).</summary>
    public bool IsExpired(long nowNs) =>
        Message.ExpirySeconds is { } seconds && nowNs - ReceivedNs >= seconds * NsPerSecond;

    /// <summary>What is left of its expiry, as the receiver must see it (MQTT-3.3.2-6).</summary>
    public uint? ExpiryLeft(long nowNs)
    {
        if (Message.ExpirySeconds is not { } seconds)
        {
            return null;
        }

        // A clock that went backwards must not lengthen a life.
        var waited = Math.Clamp((nowNs - ReceivedNs) / NsPerSecond, 0, seconds);
        return (uint)(seconds - waited);
    }
}
