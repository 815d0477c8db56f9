using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>A session's way to its client. Called under the exchange's lock, so nothing here may wait.</summary>
internal interface ISessionLink
{
    /// <summary>How many unacknowledged QoS 1 and 2 messages the client takes; 0 until it has had its CONNACK.</summary>
    int SendWindow { get; }

    /// <summary>Whether QoS 2 waits until its steps are on disk.</summary>
    bool WaitsForDisk { get; }

    /// <summary>Hands a message to the writer; false when there is no room.</summary>
    bool TryDeliver(Delivery delivery);

    /// <summary>Hands a PUBREL to the writer; false when there is no room.</summary>
    bool TryRelease(ushort packetId);

    /// <summary>Ends the connection, with DISCONNECT where the version has one.</summary>
    void End(MqttReason reason, string why);
}
