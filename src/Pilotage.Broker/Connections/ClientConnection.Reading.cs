using System.Buffers;
using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>Packets in.</content>
internal sealed partial class ClientConnection
{
    private async ValueTask ReadAllAsync()
    {
        var input = transport.Wire.Input;
        while (!Ended)
        {
            // A token would be registered and taken back for every read; a broker that stops hard cuts the wire instead.
            var result = await input.ReadAsync(CancellationToken.None);
            Volatile.Write(ref _lastHeard, context.Time.GetTimestamp());
            var rest = result.Buffer;
            ValueTask handled = default;
            while (!Ended && handled.IsCompletedSuccessfully && TryTake(ref rest, out var frame, out var body))
            {
                handled = Dispatch(frame, body);
            }

            if (!handled.IsCompletedSuccessfully)
            {
                // The reader keeps what is left, so that who waits does not hold the buffer of a whole loop.
                input.AdvanceTo(rest.Start);
                await BusyAsync(handled);
                continue;
            }

            input.AdvanceTo(rest.Start, rest.End);
            if (_outbox.IsOver)
            {
                await BusyAsync(new(_outbox.UntilRoomAsync()));
            }

            if (result.IsCompleted)
            {
                End(MqttReason.Success, "the client closed the connection");
            }
        }
    }

    /// <summary>While it is we who are slow, or our answers wait to be read, the client's silence says nothing.</summary>
    private async ValueTask BusyAsync(ValueTask until)
    {
        Volatile.Write(ref _busy, true);
        await until;
        Volatile.Write(ref _lastHeard, context.Time.GetTimestamp());
        Volatile.Write(ref _busy, false);
    }

    private bool TryTake(ref ReadOnlySequence<byte> rest, out MqttFrame frame, out ReadOnlySequence<byte> body)
    {
        body = default;
        var status = MqttFrame.TryRead(rest, _limits.PacketBytesMax, out frame, out var reason);
        if (status == OperationStatus.InvalidData)
        {
            End(reason, reason == MqttReason.PacketTooLarge
                ? $"a packet is larger than the {_limits.PacketBytesMax} bytes that CONNACK allowed"
                : "a packet's type, flags or length are malformed");
        }

        if (status != OperationStatus.Done)
        {
            return false;
        }

        body = rest.Slice(frame.HeaderBytes, frame.BodyBytes);
        rest = rest.Slice(frame.TotalBytes);
        return true;
    }

    private ValueTask Dispatch(in MqttFrame frame, in ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment)
        {
            return Dispatch(frame, body.FirstSpan);
        }

        // Slow path: the packet straddles two buffers.
        var pooled = ArrayPool<byte>.Shared.Rent(frame.BodyBytes);
        body.CopyTo(pooled);
        var handled = Dispatch(frame, pooled.AsSpan(0, frame.BodyBytes));

        // Whatever is kept past this call has been copied out: handlers wait only after they have read the bytes.
        ArrayPool<byte>.Shared.Return(pooled);
        return handled;
    }

    private ValueTask Dispatch(in MqttFrame frame, ReadOnlySpan<byte> body)
    {
        if (_trace is { } trace)
        {
            TraceIn(trace, frame, body);
        }

        switch (frame.Type)
        {
            case MqttPacketType.Publish:
                return OnPublish(frame.Flags, body);
            case MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubComp:
                return OnAck(frame.Type, body);
            case MqttPacketType.PubRel:
                return OnPubRel(body);
            case MqttPacketType.Subscribe:
                return OnSubscribe(body);
            case MqttPacketType.Unsubscribe:
                return OnUnsubscribe(body);
            case MqttPacketType.PingReq when body.IsEmpty:
                Send(Outbound.PingResp);
                return default;
            case MqttPacketType.Disconnect:
                return OnDisconnect(body);
            case MqttPacketType.PingReq:
                return Fail(MqttReason.MalformedPacket, "PINGREQ has a body");
            default:
                // A second CONNECT (MQTT-3.1.0-2), packets only a server sends, AUTH without a method.
                return Fail(MqttReason.ProtocolError, $"{frame.Type} is not expected here");
        }
    }

    private ValueTask OnAck(MqttPacketType type, ReadOnlySpan<byte> body)
    {
        if (!MqttDecoder.TryAck(body, type, _version, _limits, out var ack, out var reason))
        {
            return Fail(reason, "an acknowledgement is malformed");
        }

        // Failure codes end the matter as success does (MQTT-4.4.0-2). An unknown identifier is an ack that crossed a
        // takeover or a restart, and harms nobody; PUBREC is answered all the same, so that the client can forget it.
        var (session, id) = (_session!, ack.PacketId);
        var outcome = AckOutcome.Done;
        switch (type)
        {
            case MqttPacketType.PubAck:
                outcome = context.Exchange.Acknowledge(session, this, id);
                break;
            case MqttPacketType.PubRec:
                outcome = context.Exchange.Receive(session, this, id, ack.Reason.IsFailure());
                break;
            default:
                context.Exchange.Complete(session, this, id);
                break;
        }

        if (outcome == AckOutcome.WrongKind)
        {
            return Fail(MqttReason.ProtocolError, $"{type} answers a message of another QoS");
        }

        if (type == MqttPacketType.PubRec && outcome == AckOutcome.Unknown && !ack.Reason.IsFailure())
        {
            Send(Outbound.Acks(MqttPacketType.PubRel, new(id, MqttReason.PacketIdentifierNotFound)));
        }

        return default;
    }

    private ValueTask OnDisconnect(ReadOnlySpan<byte> body)
    {
        const MqttPacketType Type = MqttPacketType.Disconnect;
        if (!MqttDecoder.TryDisconnect(body, Type, _version, _limits, out var packet, out var reason))
        {
            return Fail(reason, "DISCONNECT is malformed");
        }

        if (packet.Properties?.SessionExpiry is { } expiry)
        {
            // A session that was to end with its connection cannot change its mind (MQTT 5.0, section 3.14.2.2.2).
            if (!_session!.Durable && expiry > 0)
            {
                return Fail(MqttReason.ProtocolError, "DISCONNECT revives a session that was to end");
            }

            _newExpiry = Math.Min(expiry, (uint)Math.Min(context.Options.SessionExpiryMax.TotalSeconds, uint.MaxValue));
        }

        _keepsWill = packet.Reason == MqttReason.DisconnectWithWill || packet.Reason.IsFailure();
        var words = packet.Reason == MqttReason.Success ? "" : $": {packet.Reason}";
        End(MqttReason.Success, $"the client disconnected{words}");
        return default;
    }

    private ValueTask Fail(MqttReason reason, string why)
    {
        End(reason, why);
        return default;
    }
}
