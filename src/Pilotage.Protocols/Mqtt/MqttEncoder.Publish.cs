using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Pilotage.Protocols.Mqtt;

public static partial class MqttEncoder
{
    /// <summary>Writes PUBLISH straight into the target: the payload is copied once and no other time.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="version">The receiver's version.</param>
    /// <param name="message">Topic, payload and properties; its own QoS and retain flag are not used.</param>
    /// <param name="delivery">What differs from receiver to receiver.</param>
    /// <param name="bytesMax">The largest packet the receiver takes.</param>
    public static int Publish(
        IBufferWriter<byte> target, MqttVersion version, in MessageView message, in PublishDelivery delivery, int bytesMax)
    {
        var properties = version == MqttVersion.V5 ? NoProperties : [];
        if (version == MqttVersion.V5 && HasProperties(message, delivery))
        {
            var aside = Aside();
            MqttPropertyWriter.WritePublish(aside, message.Properties, delivery);
            properties = aside.WrittenSpan;
        }

        var topic = delivery.TopicOmitted ? "" : message.Topic;
        var topicBytes = Encoding.UTF8.GetByteCount(topic);
        long bodyBytes = 2L + topicBytes + (delivery.Qos > 0 ? 2 : 0) + properties.Length + message.Payload.Length;
        if (bodyBytes > VariableByteInteger.ValueMax)
        {
            return 0;
        }

        var total = 1 + VariableByteInteger.Size((uint)bodyBytes) + (int)bodyBytes;
        if (total > bytesMax)
        {
            return 0;
        }

        var into = target.GetSpan(total);
        into[0] = (byte)(((byte)MqttPacketType.Publish << 4)
            | (delivery.Duplicate ? 8 : 0) | (delivery.Qos << 1) | (delivery.Retain ? 1 : 0));
        var rest = into[(1 + VariableByteInteger.Write(into[1..], (uint)bodyBytes))..];
        BinaryPrimitives.WriteUInt16BigEndian(rest, checked((ushort)topicBytes));
        rest = rest[(2 + Encoding.UTF8.GetBytes(topic, rest[2..]))..];
        if (delivery.Qos > 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, delivery.PacketId);
            rest = rest[2..];
        }

        properties.CopyTo(rest);
        message.Payload.CopyTo(rest[properties.Length..]);
        target.Advance(total);
        return total;
    }

    /// <summary>The same of a message that is kept.</summary>
    public static int Publish(
        IBufferWriter<byte> target, MqttVersion version, MqttMessage message, in PublishDelivery delivery, int bytesMax) =>
        Publish(target, version, message.AsView(), delivery, bytesMax);

    private static ReadOnlySpan<byte> NoProperties => [0];

    private static bool HasProperties(in MessageView message, in PublishDelivery delivery) =>
        message.Properties is not null || delivery.ExpirySeconds is not null || delivery.SubscriptionIds is not null || delivery.TopicAlias != 0;
}
