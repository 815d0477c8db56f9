using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>Packets out: written to the outbox where they arise, carried away by the wire.</content>
internal sealed partial class ClientConnection
{
    // What a packet has beside topic and payload, as a rule.
    private const int OverheadBytes = 64;

    private readonly Outbox _outbox = new(context.Options.OutboundPacketsMax, context.Options.OutboundBytesMax);
    private OutgoingAliases _aliases = OutgoingAliases.None;

    /// <inheritdoc/>
    public Handing TryDeliver(Delivery delivery)
    {
        lock (_outbox.Gate)
        {
            if (_outbox.IsClosed || !_outbox.HasRoom(delivery.Stored.Bytes + OverheadBytes))
            {
                return Handing.NoRoom;
            }

            if (!TryWrite(delivery))
            {
                return Handing.TooLarge;
            }

            _outbox.EndPacket();
        }

        transport.Wire.Wake();
        return Handing.Done;
    }

    /// <inheritdoc/>
    public bool TryRelease(ushort packetId)
    {
        lock (_outbox.Gate)
        {
            if (_outbox.IsClosed || !_outbox.HasRoom(OverheadBytes))
            {
                return false;
            }

            Write(Outbound.Acks(MqttPacketType.PubRel, new(packetId)));
        }

        transport.Wire.Wake();
        return true;
    }

    /// <summary>
    /// Answers to what the client sent. They are few for each packet taken, and none is taken while the outbox is over
    /// its limits.
    /// </summary>
    private bool Send(in Outbound packet)
    {
        lock (_outbox.Gate)
        {
            if (_outbox.IsClosed)
            {
                return false;
            }

            Write(packet);
        }

        transport.Wire.Wake();
        return true;
    }

    private void Write(in Outbound packet)
    {
        var written = packet.Type switch
        {
            >= MqttPacketType.PubAck and <= MqttPacketType.PubComp =>
                MqttEncoder.Ack(_outbox, _version, packet.Type, packet.Ack, _packetBytesMax),
            MqttPacketType.PingResp => MqttEncoder.PingResp(_outbox),
            MqttPacketType.ConnAck =>
                MqttEncoder.ConnAck(_outbox, _version, (ConnAckPacket)packet.Packet!, _packetBytesMax),
            MqttPacketType.SubAck or MqttPacketType.UnsubAck =>
                MqttEncoder.SubAck(_outbox, _version, packet.Type, (SubAckPacket)packet.Packet!, _packetBytesMax),
            _ => MqttEncoder.Disconnect(
                _outbox, _version, packet.Type, (DisconnectPacket)packet.Packet!, _packetBytesMax),
        };
        if (written > 0)
        {
            _outbox.EndPacket();
        }
    }

    private bool TryWrite(Delivery delivery)
    {
        var stored = delivery.Stored;
        var alias = _aliases.Of(stored.Message.Topic, out var known);
        var written = MqttEncoder.Publish(
            _outbox,
            _version,
            stored.Message,
            new()
            {
                Qos = delivery.Qos,
                PacketId = delivery.PacketId,
                Retain = delivery.Retain,
                Duplicate = delivery.Duplicate,
                ExpirySeconds = stored.Message.ExpirySeconds is null
                    ? null
                    : stored.ExpiryLeft(BrokerClock.Ns(context.Time)),
                SubscriptionIds = delivery.SubscriptionIds,
                TopicAlias = alias,
                TopicOmitted = known,
            },
            _packetBytesMax);
        if (written == 0)
        {
            return false;
        }

        if (alias != 0 && !known)
        {
            _aliases.Told(stored.Message.Topic, alias);
        }

        BrokerMetrics.Delivered(delivery.Qos);
        return true;
    }
}
