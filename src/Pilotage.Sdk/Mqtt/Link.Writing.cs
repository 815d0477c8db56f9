using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Mqtt;

/// <content>Packets out, and the pulse.</content>
internal sealed partial class Link
{
    private const int FlushAfterBytes = 64 * 1024;

    private async Task WriteAllAsync()
    {
        try
        {
            while (await _outbox.Reader.WaitToReadAsync(CancellationToken.None))
            {
                while (_outbox.Reader.TryRead(out var packet))
                {
                    Encode(packet);
                    if (_output.UnflushedBytes >= FlushAfterBytes)
                    {
                        await _output.FlushAsync(Ended);
                    }
                }

                await _output.FlushAsync(Ended);
                Volatile.Write(ref _lastSent, _time.GetTimestamp());
            }
        }
        catch (Exception fault) when (StreamFaults.IsLoss(fault))
        {
            Close(MqttReason.UnspecifiedError, $"writing failed: {fault.Message}", tell: false);
        }
    }

    private void Encode(in LinkPacket packet)
    {
        switch (packet.Type)
        {
            case MqttPacketType.Publish:
                EncodePublish((MqttMessage)packet.Packet!, packet.PacketId, packet.Duplicate);
                break;
            case >= MqttPacketType.PubAck and <= MqttPacketType.PubComp:
                MqttEncoder.Ack(
                    _output, _options.Version, packet.Type, new(packet.PacketId, packet.Reason), _packetBytesMax);
                break;
            case MqttPacketType.Subscribe:
                MqttEncoder.Subscribe(_output, _options.Version, (SubscribePacket)packet.Packet!, _packetBytesMax);
                break;
            case MqttPacketType.Unsubscribe:
                MqttEncoder.Unsubscribe(_output, _options.Version, (UnsubscribePacket)packet.Packet!, _packetBytesMax);
                break;
            case MqttPacketType.PingReq:
                MqttEncoder.PingReq(_output);
                break;
            default:
                MqttEncoder.Disconnect(
                    _output, _options.Version, MqttPacketType.Disconnect, new(packet.Reason), _packetBytesMax);
                break;
        }
    }

    private void EncodePublish(MqttMessage message, ushort packetId, bool duplicate)
    {
        var delivery = new PublishDelivery
        {
            Qos = message.Qos,
            PacketId = packetId,
            Retain = message.Retain,
            Duplicate = duplicate,
            ExpirySeconds = message.ExpirySeconds,
        };
        if (MqttEncoder.Publish(_output, _options.Version, message, delivery, _packetBytesMax) == 0)
        {
            TooLarge?.Invoke(packetId);
        }
    }

    /// <summary>Pings when nothing was sent for a while; ends the connection when nothing comes back.</summary>
    private async Task BeatAsync()
    {
        if (_keepAlive <= TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(_keepAlive / 4, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(Ended))
            {
                if (_time.GetElapsedTime(Volatile.Read(ref _lastHeard)) > _keepAlive * 1.5)
                {
                    Close(MqttReason.KeepAliveTimeout, "the broker has gone silent", tell: false);
                    await GiveUpAsync(_stream.DisposeAsync());
                    return;
                }

                var quiet = _time.GetElapsedTime(Volatile.Read(ref _lastSent)) >= _keepAlive / 2
                    || _time.GetElapsedTime(Volatile.Read(ref _lastHeard)) >= _keepAlive / 2;
                if (quiet)
                {
                    _outbox.Writer.TryWrite(LinkPacket.Ping);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The connection has ended.
        }
    }
}
