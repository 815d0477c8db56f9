using System.Diagnostics.CodeAnalysis;

namespace Pilotage.Protocols.Mqtt;

public static partial class MqttDecoder
{
    /// <summary>
    /// Reads CONNECT. On refusal <paramref name="answerAs"/> says in which version the peer can be answered.
    /// </summary>
    public static bool TryConnect(
        ReadOnlySpan<byte> body,
        in MqttLimits limits,
        [NotNullWhen(true)] out ConnectPacket? packet,
        out MqttVersion answerAs,
        out MqttReason reason)
    {
        packet = null;
        answerAs = MqttVersion.V311;
        reason = MqttReason.MalformedPacket;
        var reader = new MqttReader(body);
        if (!reader.TryUtf8(out var name) || !reader.TryByte(out var level))
        {
            return false;
        }

        if (!name.SequenceEqual("MQTT"u8) || level is not ((byte)MqttVersion.V311 or (byte)MqttVersion.V5))
        {
            reason = MqttReason.UnsupportedProtocolVersion;
            answerAs = level >= (byte)MqttVersion.V5 ? MqttVersion.V5 : MqttVersion.V311;
            return false;
        }

        answerAs = (MqttVersion)level;
        if (!reader.TryByte(out var flags) || !AreConnectFlagsValid(answerAs, flags)
            || !reader.TryUInt16(out var keepAlive))
        {
            return false;
        }

        MqttProperties? properties = null;
        if (answerAs == MqttVersion.V5
            && !TryProperties(ref reader, MqttPacketType.Connect, limits, out properties, out reason))
        {
            return false;
        }

        reason = MqttReason.MalformedPacket;
        if (!reader.TryString(out var clientId)
            || !TryWill(ref reader, answerAs, flags, limits, out var will, ref reason)
            || !TryCredentials(ref reader, flags, out var userName, out var password)
            || !reader.AtEnd)
        {
            return false;
        }

        // Authentication data without a method is a protocol error (MQTT 5.0, section 3.1.2.11.10).
        if (properties is { AuthenticationData: not null, AuthenticationMethod: null })
        {
            reason = MqttReason.ProtocolError;
            return false;
        }

        reason = MqttReason.Success;
        packet = new()
        {
            Version = answerAs,
            ClientId = clientId,
            CleanStart = (flags & ConnectFlags.CleanStart) != 0,
            KeepAliveSeconds = keepAlive,
            UserName = userName,
            Password = password,
            Will = will,
            Properties = properties,
        };
        return true;
    }

    private static bool AreConnectFlagsValid(MqttVersion version, byte flags)
    {
        var willQos = (flags & ConnectFlags.WillQosMask) >> 3;
        var will = (flags & ConnectFlags.Will) != 0;

        // MQTT-3.1.2-3, then 3.1.2-11 to 3.1.2-15 for wills. A password without a user name is new in 5.0
        // (MQTT-3.1.2-22 of 3.1.1 forbids it).
        return (flags & ConnectFlags.Reserved) == 0
            && willQos != 3
            && (will || (willQos == 0 && (flags & ConnectFlags.WillRetain) == 0))
            && (version == MqttVersion.V5
                || (flags & ConnectFlags.Password) == 0
                || (flags & ConnectFlags.UserName) != 0);
    }

    private static bool TryWill(
        ref MqttReader reader,
        MqttVersion version,
        byte flags,
        in MqttLimits limits,
        out WillMessage? will,
        ref MqttReason reason)
    {
        will = null;
        if ((flags & ConnectFlags.Will) == 0)
        {
            return true;
        }

        MqttProperties? properties = null;
        if (version == MqttVersion.V5
            && !TryProperties(ref reader, MqttPropertyRules.Will, limits, out properties, out reason))
        {
            return false;
        }

        reason = MqttReason.MalformedPacket;
        if (!reader.TryString(out var topic) || !reader.TryBinary(out var payload))
        {
            return false;
        }

        if (!MqttTopic.IsValidName(topic))
        {
            reason = MqttReason.TopicNameInvalid;
            return false;
        }

        var view = new PublishView
        {
            Qos = (byte)((flags & ConnectFlags.WillQosMask) >> 3),
            Retain = (flags & ConnectFlags.WillRetain) != 0,
            Properties = properties,
            Payload = payload,
        };
        will = new(view.ToMessage(topic), properties?.WillDelay ?? 0);
        return true;
    }

    private static bool TryCredentials(
        ref MqttReader reader, byte flags, out string? userName, out ReadOnlyMemory<byte>? password)
    {
        userName = null;
        password = null;
        if ((flags & ConnectFlags.UserName) != 0)
        {
            if (!reader.TryString(out var text))
            {
                return false;
            }

            userName = text;
        }

        if ((flags & ConnectFlags.Password) != 0)
        {
            if (!reader.TryBinary(out var data))
            {
                return false;
            }

            password = data.ToArray();
        }

        return true;
    }
}
