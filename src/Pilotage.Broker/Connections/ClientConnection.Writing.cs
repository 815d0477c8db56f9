using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>Packets out: many packets, one flush.</content>
internal sealed partial class ClientConnection
{
    private const int FlushAfterBytes = 64 * 1024;

    private OutgoingAliases _aliases = new(0);

    private async Task WriteAllAsync()
    {
        var output = transport.Pipe.Output;
        try
        {
            while (await _outbox.Reader.WaitToReadAsync(CancellationToken.None))
            {
                while (_outbox.Reader.TryRead(out var packet))
                {
                    Encode(output, packet);
                    if (output.UnflushedBytes >= FlushAfterBytes)
                    {
                        await FlushAsync(output);
                    }
                }

                await FlushAsync(output);

                // Room has come free: what the session holds back may be waiting for just that.
                if (_session is { HasUnsent: true } session && !Ended)
                {
                    context.Exchange.Pump(session, this);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or InvalidOperationException
            or ConnectionAbortedException)
        {
            End(MqttReason.UnspecifiedError, $"writing failed: {fault.Message}");
            while (_outbox.Reader.TryRead(out _))
            {
                // Whoever waits for room must not wait for a writer that is gone.
            }
        }
    }

    private async ValueTask FlushAsync(PipeWriter output)
    {
        var flushed = await output.FlushAsync(CancellationToken.None);
        if (flushed.IsCompleted)
        {
            End(MqttReason.Success, "the client closed the connection");
        }
    }

    private void Encode(PipeWriter output, in Outbound packet)
    {
        switch (packet.Type)
        {
            case MqttPacketType.Publish:
                EncodePublish(output, (Delivery)packet.Packet!);
                break;
            case >= MqttPacketType.PubAck and <= MqttPacketType.PubComp:
                MqttEncoder.Ack(output, _version, packet.Type, packet.Ack, _packetBytesMax);
                break;
            case MqttPacketType.PingResp:
                MqttEncoder.PingResp(output);
                break;
            case MqttPacketType.ConnAck:
                MqttEncoder.ConnAck(output, _version, (ConnAckPacket)packet.Packet!, _packetBytesMax);
                break;
            case MqttPacketType.SubAck or MqttPacketType.UnsubAck:
                MqttEncoder.SubAck(output, _version, packet.Type, (SubAckPacket)packet.Packet!, _packetBytesMax);
                break;
            default:
                MqttEncoder.Disconnect(
                    output, _version, packet.Type, (DisconnectPacket)packet.Packet!, _packetBytesMax);
                break;
        }
    }

    private void EncodePublish(PipeWriter output, Delivery delivery)
    {
        var stored = delivery.Stored;
        var alias = _aliases.Of(stored.Message.Topic, out var known);
        var written = MqttEncoder.Publish(
            output,
            _version,
            stored.Message,
            new()
            {
                Qos = delivery.Qos,
                PacketId = delivery.PacketId,
                Retain = delivery.Retain,
                Duplicate = delivery.Duplicate,
                ExpirySeconds = stored.ExpiryLeft(BrokerClock.Ns(context.Time)),
                SubscriptionIds = delivery.SubscriptionIds,
                TopicAlias = alias,
                TopicOmitted = known,
            },
            _packetBytesMax);
        if (written > 0)
        {
            if (alias != 0 && !known)
            {
                _aliases.Told(stored.Message.Topic, alias);
            }

            BrokerMetrics.Delivered(delivery.Qos);
            return;
        }

        // Larger than the client takes: as if it had been sent and acknowledged (MQTT-3.1.2-25).
        BrokerMetrics.Dropped("packet-too-large");
        if (delivery.Qos > 0)
        {
            context.Exchange.Discard(_session!, this, delivery.PacketId);
        }
    }
}
