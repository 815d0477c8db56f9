using System.Buffers;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Mqtt;

/// <content>Packets in.</content>
internal sealed partial class Link
{
    private async Task ReadAllAsync(Func<LinkEvent, ValueTask> handle)
    {
        try
        {
            while (!Ended.IsCancellationRequested)
            {
                var result = await _input.ReadAsync(Ended);
                Volatile.Write(ref _lastHeard, _time.GetTimestamp());
                var rest = result.Buffer;
                while (TryTake(ref rest, out var frame, out var body))
                {
                    if (Decode(frame, body) is { } happened)
                    {
                        await handle(happened);
                    }
                }

                _input.AdvanceTo(rest.Start, rest.End);
                if (result.IsCompleted || _end is not null)
                {
                    return;
                }
            }
        }
        catch (Exception fault) when (StreamFaults.IsLoss(fault))
        {
            // Or an answer was due, and the writer is gone already.
            Close(MqttReason.UnspecifiedError, fault.Message, tell: false);
        }
    }

    private bool TryTake(ref ReadOnlySequence<byte> rest, out MqttFrame frame, out ReadOnlySequence<byte> body)
    {
        body = default;
        var status = MqttFrame.TryRead(rest, _limits.PacketBytesMax, out frame, out var reason);
        if (status == OperationStatus.InvalidData)
        {
            Close(
                reason,
                reason == MqttReason.PacketTooLarge ? $"the broker sent a packet larger than the {_limits.PacketBytesMax} bytes that were allowed" : "the broker sent a packet whose type, flags or length are malformed",
                tell: true);
        }

        if (status != OperationStatus.Done)
        {
            return false;
        }

        body = rest.Slice(frame.HeaderBytes, frame.BodyBytes);
        rest = rest.Slice(frame.TotalBytes);
        return true;
    }

    private LinkEvent? Decode(in MqttFrame frame, in ReadOnlySequence<byte> body)
    {
        var bytes = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
        var reason = MqttReason.ProtocolError;
        switch (frame.Type)
        {
            case MqttPacketType.Publish
                when MqttDecoder.TryPublish(bytes, frame.Flags, _options.Version, _limits, out var packet, out reason):
                return packet.Topic.IsEmpty
                    ? Fail(MqttReason.TopicAliasInvalid)
                    : new(frame.Type, packet.PacketId, packet.ToMessage(packet.TopicText()), MqttReason.Success);
            case >= MqttPacketType.PubAck and <= MqttPacketType.PubComp
                when MqttDecoder.TryAck(bytes, frame.Type, _options.Version, _limits, out var ack, out reason):
                return new(frame.Type, ack.PacketId, null, ack.Reason);
            case MqttPacketType.SubAck or MqttPacketType.UnsubAck
                when MqttDecoder.TrySubAck(bytes, frame.Type, _options.Version, _limits, out var answer, out reason):
                // We ask for one filter at a time; UNSUBACK of 3.1.1 has no reasons.
                var first = answer.Reasons is [var only, ..] ? only : MqttReason.Success;
                return new(frame.Type, answer.PacketId, null, first);
            case MqttPacketType.Disconnect
                when MqttDecoder.TryDisconnect(bytes, frame.Type, _options.Version, _limits, out var last, out reason):
                var why = last.Properties?.ReasonString ?? $"the broker disconnected us: {last.Reason}";
                Close(last.Reason, why, tell: false);
                return null;
            case MqttPacketType.PingResp:
                return null;
            default:
                return Fail(reason);
        }
    }

    private LinkEvent? Fail(MqttReason reason)
    {
        Close(reason, "the broker sent a packet that is malformed or out of place", tell: true);
        return null;
    }
}
