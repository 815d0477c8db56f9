using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>A session's way to its client. Called under the exchange's lock, so nothing here may wait.</summary>
internal interface ISessionLink
{
    /// <summary>How many unacknowledged QoS 1 and 2 messages the client takes; 0 until it has had its CONNACK.</summary>
    int SendWindow { get; }

    /// <summary>Whether QoS 2 waits until its steps are on disk.</summary>
    bool WaitsForDisk { get; }

    /// <summary>The connection as operators see it.</summary>
    ConnectionView View { get; }

    /// <summary>How it has ended, or would if it ended now.</summary>
    (MqttReason Reason, string Why) Ending { get; }

    /// <summary>Hands a message on; after "no room" the link pumps the session when there is some.</summary>
    Handing TryDeliver(Delivery delivery);

    /// <summary>The same with QoS 0: nobody remembers it.</summary>
    Handing TryDeliver(in MessageView message, long sinceNs, bool retain, List<uint>? subscriptionIds);

    /// <summary>Hands a PUBREL on; false when there is no room.</summary>
    bool TryRelease(ushort packetId);

    /// <summary>Tells a trace of every packet from now on, until it is over.</summary>
    void Trace(ClientTrace trace);

    /// <summary>Ends the connection, with DISCONNECT where the version has one.</summary>
    void End(MqttReason reason, string why);
}

/// <summary>What became of a message that was handed to a link.</summary>
internal enum Handing
{
    /// <summary>It is on its way.</summary>
    Done,

    /// <summary>The client reads too slowly, or is about to go.</summary>
    NoRoom,

    /// <summary>The packet would be larger than the client takes.</summary>
    TooLarge,
}
