using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk.Mqtt;

namespace Pilotage.Sdk;

/// <content>QoS 2: what the broker has of ours, and what we have of the broker's.</content>
public sealed partial class MqttClient
{
    // Messages that have reached the handler and that the broker has not released; as many as the receive maximum.
    private readonly Dictionary<ushort, Task> _once = [];

    private bool Answered(ushort packetId, MqttReason reason)
    {
        PendingPublish? pending = null;
        lock (_gate)
        {
            var at = _inflight.FindIndex(p => p.PacketId == packetId);
            if (at >= 0)
            {
                pending = _inflight[at];
                _inflight.RemoveAt(at);
            }
        }

        pending?.Complete(reason);
        return pending is not null;
    }

    private ValueTask EndPublish(Link link, ushort packetId, MqttReason reason)
    {
        // PUBCOMP "not found" means that an earlier one was lost: the message is there all the same.
        if (Answered(packetId, reason == MqttReason.PacketIdentifierNotFound ? MqttReason.Success : reason))
        {
            link.ReturnCredit();
        }

        return default;
    }

    /// <summary>PUBREC has come; the reason is that of PUBREL.</summary>
    private MqttReason MarkReceived(ushort packetId)
    {
        lock (_gate)
        {
            if (_inflight.Find(p => p.PacketId == packetId) is not { } pending)
            {
                return _options.Version == MqttVersion.V5 ? MqttReason.PacketIdentifierNotFound : MqttReason.Success;
            }

            pending.Received = true;
            return MqttReason.Success;
        }
    }

    private void Remember(ushort packetId, Task handled)
    {
        lock (_gate)
        {
            _once[packetId] = handled;
        }
    }

    /// <summary>The handling of a message that is delivered again, still under way or done.</summary>
    private Task? HandledBefore(ushort packetId)
    {
        lock (_gate)
        {
            return _once.GetValueOrDefault(packetId);
        }
    }

    /// <summary>PUBREL has come, or the handler failed; the reason is that of PUBCOMP.</summary>
    private MqttReason Forget(ushort packetId)
    {
        lock (_gate)
        {
            return _once.Remove(packetId) || _options.Version == MqttVersion.V311
                ? MqttReason.Success
                : MqttReason.PacketIdentifierNotFound;
        }
    }

    /// <summary>The broker has no session: it will not deliver the old messages again, and may use their identifiers.</summary>
    private void ForgetAll()
    {
        lock (_gate)
        {
            _once.Clear();
        }
    }
}
