using Pilotage.Broker;
using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Testing.Gateway;

/// <summary>A client's end without a socket: keeps what it is sent.</summary>
internal sealed class FakeLink(int window = 10) : ISessionLink
{
    public List<Delivery> Got { get; } = [];

    public bool Blocked { get; set; }

    /// <summary>Identifiers of the PUBRELs it was sent.</summary>
    public List<ushort> Released { get; } = [];

    public MqttReason? EndedWith { get; private set; }

    public int SendWindow { get; } = window;

    public bool WaitsForDisk { get; init; } = true;

    public ConnectionView View => new(0, null, 0, 0, Got.Count);

    public (MqttReason Reason, string Why) Ending { get; private set; } = (MqttReason.Success, "the client closed the connection");

    public IEnumerable<string> Texts => Got.Select(d => System.Text.Encoding.UTF8.GetString(d.Stored.Payload));

    public Handing TryDeliver(Delivery delivery)
    {
        if (Blocked)
        {
            return Handing.NoRoom;
        }

        // The broker uses its own again.
        Keep(delivery.Stored.View, delivery.Stored.SinceNs, delivery.Id, delivery.Qos, delivery.Retain, delivery.SubscriptionIds);
        (Got[^1].PacketId, Got[^1].Duplicate) = (delivery.PacketId, delivery.Duplicate);
        return Handing.Done;
    }

    public Handing TryDeliver(in MessageView message, long sinceNs, bool retain, List<uint>? subscriptionIds)
    {
        if (Blocked)
        {
            return Handing.NoRoom;
        }

        Keep(message, sinceNs, 0, 0, retain, subscriptionIds);
        return Handing.Done;
    }

    public bool TryRelease(ushort packetId)
    {
        if (!Blocked)
        {
            Released.Add(packetId);
        }

        return !Blocked;
    }

    /// <summary>The trace it was given.</summary>
    public ClientTrace? Traced { get; private set; }

    public void Trace(ClientTrace trace) => Traced = trace;

    private void Keep(in MessageView message, long sinceNs, ulong id, byte qos, bool retain, List<uint>? subscriptionIds)
    {
        var kept = new Delivery();
        kept.Begin(new StoredMessage(id, message, sinceNs), id, new RouteTarget(null!, qos, retain, subscriptionIds));
        Got.Add(kept);
    }

    public void End(MqttReason reason, string why)
    {
        EndedWith = reason;
        Ending = (reason, why);
    }
}
