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
    public Handing TryDeliver(Delivery delivery) => TryDeliver(
        delivery.Stored.View,
        delivery.Stored.SinceNs,
        new()
        {
            Qos = delivery.Qos,
            PacketId = delivery.PacketId,
            Retain = delivery.Retain,
            Duplicate = delivery.Duplicate,
            SubscriptionIds = delivery.SubscriptionIds,
        });

    /// <inheritdoc/>
    public Handing TryDeliver(in MessageView message, long sinceNs, bool retain, List<uint>? subscriptionIds) =>
        TryDeliver(message, sinceNs, new() { Retain = retain, SubscriptionIds = subscriptionIds });

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
    /// its limits. False when the packet does not go: the client takes no packet as large, or the connection has ended.
    /// </summary>
    private bool Send(in Outbound packet)
    {
        lock (_outbox.Gate)
        {
            if (_outbox.IsClosed || !Write(packet))
            {
                return false;
            }
        }

        transport.Wire.Wake();
        return true;
    }

    private bool Write(in Outbound packet)
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
        if (written == 0)
        {
            return false;
        }

        _outbox.EndPacket();
        if (_trace is { } trace)
        {
            TraceOut(trace, packet, written);
        }

        return true;
    }

    private Handing TryDeliver(in MessageView message, long sinceNs, in PublishDelivery delivery)
    {
        lock (_outbox.Gate)
        {
            if (_outbox.IsClosed || !_outbox.HasRoom(message.Topic.Length + message.Payload.Length + OverheadBytes))
            {
                return Handing.NoRoom;
            }

            if (!TryWrite(message, sinceNs, delivery))
            {
                return Handing.TooLarge;
            }

            _outbox.EndPacket();
        }

        transport.Wire.Wake();
        return Handing.Done;
    }

    private bool TryWrite(in MessageView message, long sinceNs, PublishDelivery delivery)
    {
        var topic = message.Topic;
        var alias = _aliases.Of(topic, out var known);
        if (alias != 0)
        {
            delivery = delivery with { TopicAlias = alias, TopicOmitted = known };
        }

        if (message.Properties?.MessageExpiry is not null)
        {
            delivery = delivery with { ExpirySeconds = StoredMessage.ExpiryLeft(message.Properties, sinceNs, context.Exchange.AgeNs) };
        }

        var written = MqttEncoder.Publish(_outbox, _version, message, delivery, _packetBytesMax);
        if (written == 0)
        {
            return false;
        }

        if (_trace is { } trace)
        {
            TraceOut(trace, delivery, written);
        }

        if (alias != 0 && !known)
        {
            _aliases.Told(topic, alias);
        }

        BrokerMetrics.Delivered(delivery.Qos);
        Volatile.Write(ref _messagesOut, _messagesOut + 1);
        return true;
    }
}
