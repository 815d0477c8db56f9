namespace Pilotage.Protocols.Mqtt;

/// <summary>Reads a property section: its length, then each property at most once where the standard says so.</summary>
internal static class MqttPropertyReader
{
    /// <summary>Reads the section; an empty one gives no object at all.</summary>
    public static bool TryRead(
        ref MqttReader reader,
        MqttPacketType where,
        in MqttLimits limits,
        out MqttProperties? properties,
        out MqttReason reason)
    {
        properties = null;
        reason = MqttReason.MalformedPacket;
        if (!reader.TryVariable(out var length) || !reader.TrySlice((int)length, out var section))
        {
            return false;
        }

        var inner = new MqttReader(section);
        var seen = 0UL;
        var userBytes = 0;
        while (!inner.AtEnd)
        {
            if (!inner.TryVariable(out var number))
            {
                reason = MqttReason.MalformedPacket;
                return false;
            }

            reason = Check(number, where, ref seen);
            if (reason == MqttReason.Success)
            {
                properties ??= new();
                var id = (MqttPropertyId)number;
                reason = id == MqttPropertyId.UserProperty
                    ? ReadUserProperty(ref inner, properties, limits, ref userBytes)
                    : ReadOne(ref inner, id, properties);
            }

            if (reason != MqttReason.Success)
            {
                return false;
            }
        }

        reason = MqttReason.Success;
        return true;
    }

    /// <summary>Known here, allowed here, and not here already unless it may repeat.</summary>
    private static MqttReason Check(uint number, MqttPacketType where, ref ulong seen)
    {
        if (number > (uint)MqttPropertyId.SharedSubscriptionAvailable || !Enum.IsDefined((MqttPropertyId)number))
        {
            return MqttReason.MalformedPacket;
        }

        var id = (MqttPropertyId)number;
        if (!MqttPropertyRules.IsAllowed(id, where))
        {
            return MqttReason.ProtocolError;
        }

        var repeats = id == MqttPropertyId.UserProperty
            || (id == MqttPropertyId.SubscriptionId && where == MqttPacketType.Publish);
        var bit = 1UL << (int)number;
        var again = (seen & bit) != 0;
        seen |= bit;
        return again && !repeats ? MqttReason.ProtocolError : MqttReason.Success;
    }

    private static MqttReason ReadUserProperty(
        ref MqttReader reader, MqttProperties into, in MqttLimits limits, ref int bytes)
    {
        var before = reader.Rest.Length;
        if (!reader.TryString(out var name) || !reader.TryString(out var value))
        {
            return MqttReason.MalformedPacket;
        }

        bytes += before - reader.Rest.Length - 4; // Two length fields of two bytes each do not count.
        into.UserProperties ??= [];
        if (into.UserProperties.Count >= limits.UserPropertiesMax || bytes > limits.UserPropertyBytesMax)
        {
            return MqttReason.ProtocolError;
        }

        into.UserProperties.Add((name, value));
        return MqttReason.Success;
    }

    private static MqttReason ReadOne(ref MqttReader reader, MqttPropertyId id, MqttProperties into)
    {
        switch (id)
        {
            case MqttPropertyId.PayloadFormat:
            case MqttPropertyId.RequestProblemInformation:
            case MqttPropertyId.RequestResponseInformation:
            case MqttPropertyId.MaximumQos:
            case MqttPropertyId.RetainAvailable:
            case MqttPropertyId.WildcardSubscriptionAvailable:
            case MqttPropertyId.SubscriptionIdsAvailable:
            case MqttPropertyId.SharedSubscriptionAvailable:
                return reader.TryByte(out var bit) ? SetBit(into, id, bit) : MqttReason.MalformedPacket;
            case MqttPropertyId.ServerKeepAlive:
            case MqttPropertyId.ReceiveMaximum:
            case MqttPropertyId.TopicAliasMaximum:
            case MqttPropertyId.TopicAlias:
                return reader.TryUInt16(out var small) ? SetUInt16(into, id, small) : MqttReason.MalformedPacket;
            case MqttPropertyId.MessageExpiry:
            case MqttPropertyId.SessionExpiry:
            case MqttPropertyId.WillDelay:
            case MqttPropertyId.MaximumPacketSize:
                return reader.TryUInt32(out var large) ? SetUInt32(into, id, large) : MqttReason.MalformedPacket;
            case MqttPropertyId.SubscriptionId:
                return reader.TryVariable(out var number) ? AddSubscription(into, number) : MqttReason.MalformedPacket;
            case MqttPropertyId.CorrelationData:
            case MqttPropertyId.AuthenticationData:
                return reader.TryBinary(out var data) ? SetBinary(into, id, data) : MqttReason.MalformedPacket;
            default:
                return reader.TryString(out var text) ? SetText(into, id, text) : MqttReason.MalformedPacket;
        }
    }

    private static MqttReason SetBit(MqttProperties into, MqttPropertyId id, byte value)
    {
        if (value > 1)
        {
            return MqttReason.ProtocolError;
        }

        switch (id)
        {
            case MqttPropertyId.PayloadFormat:
                into.PayloadFormat = value;
                break;
            case MqttPropertyId.RequestProblemInformation:
                into.RequestProblemInformation = value == 1;
                break;
            case MqttPropertyId.RequestResponseInformation:
                into.RequestResponseInformation = value == 1;
                break;
            case MqttPropertyId.MaximumQos:
                into.MaximumQos = value;
                break;
            case MqttPropertyId.RetainAvailable:
                into.RetainAvailable = value == 1;
                break;
            case MqttPropertyId.WildcardSubscriptionAvailable:
                into.WildcardSubscriptionAvailable = value == 1;
                break;
            case MqttPropertyId.SubscriptionIdsAvailable:
                into.SubscriptionIdsAvailable = value == 1;
                break;
            default:
                into.SharedSubscriptionAvailable = value == 1;
                break;
        }

        return MqttReason.Success;
    }

    private static MqttReason SetUInt16(MqttProperties into, MqttPropertyId id, ushort value)
    {
        switch (id)
        {
            case MqttPropertyId.ServerKeepAlive:
                into.ServerKeepAlive = value;
                return MqttReason.Success;
            case MqttPropertyId.ReceiveMaximum:
                into.ReceiveMaximum = value;
                return value == 0 ? MqttReason.ProtocolError : MqttReason.Success;
            case MqttPropertyId.TopicAliasMaximum:
                into.TopicAliasMaximum = value;
                return MqttReason.Success;
            default:
                into.TopicAlias = value;
                return value == 0 ? MqttReason.TopicAliasInvalid : MqttReason.Success;
        }
    }

    private static MqttReason SetUInt32(MqttProperties into, MqttPropertyId id, uint value)
    {
        switch (id)
        {
            case MqttPropertyId.MessageExpiry:
                into.MessageExpiry = value;
                return MqttReason.Success;
            case MqttPropertyId.SessionExpiry:
                into.SessionExpiry = value;
                return MqttReason.Success;
            case MqttPropertyId.WillDelay:
                into.WillDelay = value;
                return MqttReason.Success;
            default:
                into.MaximumPacketSize = value;
                return value == 0 ? MqttReason.ProtocolError : MqttReason.Success;
        }
    }

    private static MqttReason AddSubscription(MqttProperties into, uint value)
    {
        (into.SubscriptionIds ??= []).Add(value);
        return value == 0 ? MqttReason.ProtocolError : MqttReason.Success;
    }

    private static MqttReason SetBinary(MqttProperties into, MqttPropertyId id, ReadOnlySpan<byte> value)
    {
        if (id == MqttPropertyId.CorrelationData)
        {
            into.CorrelationData = value.ToArray();
        }
        else
        {
            into.AuthenticationData = value.ToArray();
        }

        return MqttReason.Success;
    }

    private static MqttReason SetText(MqttProperties into, MqttPropertyId id, string value)
    {
        switch (id)
        {
            case MqttPropertyId.ContentType:
                into.ContentType = value;
                return MqttReason.Success;
            case MqttPropertyId.ResponseTopic:
                into.ResponseTopic = value;

                // A response topic is a topic name: no wildcards (MQTT-3.3.2-14).
                return MqttTopic.IsValidName(value) ? MqttReason.Success : MqttReason.ProtocolError;
            case MqttPropertyId.AssignedClientId:
                into.AssignedClientId = value;
                return MqttReason.Success;
            case MqttPropertyId.AuthenticationMethod:
                into.AuthenticationMethod = value;
                return MqttReason.Success;
            case MqttPropertyId.ResponseInformation:
                into.ResponseInformation = value;
                return MqttReason.Success;
            case MqttPropertyId.ServerReference:
                into.ServerReference = value;
                return MqttReason.Success;
            default:
                into.ReasonString = value;
                return MqttReason.Success;
        }
    }
}
