using System.Buffers;

namespace Pilotage.Protocols.Mqtt;

/// <summary>Writes a property section, its length first.</summary>
internal static class MqttPropertyWriter
{
    // The length comes before the properties, so they are written aside first; one buffer a thread, kept small.
    private const int KeptBytesMax = 64 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _aside;

    public static void Write(IBufferWriter<byte> target, MqttProperties? properties)
    {
        if (properties is null)
        {
            target.Byte(0);
            return;
        }

        var aside = _aside ??= new(256);
        aside.ResetWrittenCount();
        WriteNumbers(aside, properties);
        WriteTexts(aside, properties);
        target.Variable(aside.WrittenCount);
        target.Write(aside.WrittenSpan);
        Keep(aside);
    }

    /// <summary>The properties of PUBLISH, of the message and of its delivery: nothing is allocated for a delivery.</summary>
    public static void WritePublish(IBufferWriter<byte> target, MqttProperties? message, in PublishDelivery delivery)
    {
        var aside = _aside ??= new(256);
        aside.ResetWrittenCount();
        Byte(aside, MqttPropertyId.PayloadFormat, message?.PayloadFormat);
        UInt32(aside, MqttPropertyId.MessageExpiry, delivery.ExpirySeconds);
        UInt16(aside, MqttPropertyId.TopicAlias, delivery.TopicAlias == 0 ? null : delivery.TopicAlias);
        Text(aside, MqttPropertyId.ContentType, message?.ContentType);
        Text(aside, MqttPropertyId.ResponseTopic, message?.ResponseTopic);
        if (message?.CorrelationData is { Length: > 0 } correlation)
        {
            aside.Byte((byte)MqttPropertyId.CorrelationData);
            aside.Binary(correlation);
        }

        for (var i = 0; i < (delivery.SubscriptionIds?.Count ?? 0); i++)
        {
            aside.Byte((byte)MqttPropertyId.SubscriptionId);
            aside.Variable((int)delivery.SubscriptionIds![i]);
        }

        for (var i = 0; i < (message?.UserProperties?.Count ?? 0); i++)
        {
            aside.Byte((byte)MqttPropertyId.UserProperty);
            aside.Text(message!.UserProperties![i].Name);
            aside.Text(message.UserProperties[i].Value);
        }

        target.Variable(aside.WrittenCount);
        target.Write(aside.WrittenSpan);
        Keep(aside);
    }

    private static void Keep(ArrayBufferWriter<byte> aside)
    {
        if (aside.Capacity > KeptBytesMax)
        {
            _aside = null;
        }
    }

    private static void WriteNumbers(ArrayBufferWriter<byte> target, MqttProperties p)
    {
        Byte(target, MqttPropertyId.PayloadFormat, p.PayloadFormat);
        UInt32(target, MqttPropertyId.MessageExpiry, p.MessageExpiry);
        UInt32(target, MqttPropertyId.SessionExpiry, p.SessionExpiry);
        UInt16(target, MqttPropertyId.ServerKeepAlive, p.ServerKeepAlive);
        Bit(target, MqttPropertyId.RequestProblemInformation, p.RequestProblemInformation);
        UInt32(target, MqttPropertyId.WillDelay, p.WillDelay);
        Bit(target, MqttPropertyId.RequestResponseInformation, p.RequestResponseInformation);
        UInt16(target, MqttPropertyId.ReceiveMaximum, p.ReceiveMaximum);
        UInt16(target, MqttPropertyId.TopicAliasMaximum, p.TopicAliasMaximum);
        UInt16(target, MqttPropertyId.TopicAlias, p.TopicAlias);
        Byte(target, MqttPropertyId.MaximumQos, p.MaximumQos);
        Bit(target, MqttPropertyId.RetainAvailable, p.RetainAvailable);
        UInt32(target, MqttPropertyId.MaximumPacketSize, p.MaximumPacketSize);
        Bit(target, MqttPropertyId.WildcardSubscriptionAvailable, p.WildcardSubscriptionAvailable);
        Bit(target, MqttPropertyId.SubscriptionIdsAvailable, p.SubscriptionIdsAvailable);
        Bit(target, MqttPropertyId.SharedSubscriptionAvailable, p.SharedSubscriptionAvailable);
        foreach (var id in p.SubscriptionIds ?? [])
        {
            target.Byte((byte)MqttPropertyId.SubscriptionId);
            target.Variable((int)id);
        }
    }

    private static void WriteTexts(ArrayBufferWriter<byte> target, MqttProperties p)
    {
        Text(target, MqttPropertyId.ContentType, p.ContentType);
        Text(target, MqttPropertyId.ResponseTopic, p.ResponseTopic);
        Binary(target, MqttPropertyId.CorrelationData, p.CorrelationData);
        Text(target, MqttPropertyId.AssignedClientId, p.AssignedClientId);
        Text(target, MqttPropertyId.AuthenticationMethod, p.AuthenticationMethod);
        Binary(target, MqttPropertyId.AuthenticationData, p.AuthenticationData);
        Text(target, MqttPropertyId.ResponseInformation, p.ResponseInformation);
        Text(target, MqttPropertyId.ServerReference, p.ServerReference);
        Text(target, MqttPropertyId.ReasonString, p.ReasonString);
        foreach (var (name, value) in p.UserProperties ?? [])
        {
            target.Byte((byte)MqttPropertyId.UserProperty);
            target.Text(name);
            target.Text(value);
        }
    }

    private static void Byte(ArrayBufferWriter<byte> target, MqttPropertyId id, byte? value)
    {
        if (value is { } there)
        {
            target.Byte((byte)id);
            target.Byte(there);
        }
    }

    private static void Bit(ArrayBufferWriter<byte> target, MqttPropertyId id, bool? value)
    {
        if (value is { } there)
        {
            target.Byte((byte)id);
            target.Byte(there ? (byte)1 : (byte)0);
        }
    }

    private static void UInt16(ArrayBufferWriter<byte> target, MqttPropertyId id, ushort? value)
    {
        if (value is { } there)
        {
            target.Byte((byte)id);
            target.UInt16(there);
        }
    }

    private static void UInt32(ArrayBufferWriter<byte> target, MqttPropertyId id, uint? value)
    {
        if (value is { } there)
        {
            target.Byte((byte)id);
            target.UInt32(there);
        }
    }

    private static void Text(ArrayBufferWriter<byte> target, MqttPropertyId id, string? value)
    {
        if (value is not null)
        {
            target.Byte((byte)id);
            target.Text(value);
        }
    }

    private static void Binary(ArrayBufferWriter<byte> target, MqttPropertyId id, byte[]? value)
    {
        if (value is not null)
        {
            target.Byte((byte)id);
            target.Binary(value);
        }
    }
}
