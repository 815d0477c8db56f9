using System.Buffers;
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
        IBufferWriter<byte> target, MqttVersion version, MqttMessage message, in PublishDelivery delivery, int bytesMax)
    {
        var properties = ReadOnlySpan<byte>.Empty;
        if (version == MqttVersion.V5)
        {
            var aside = Aside();
            if (HasProperties(message, delivery))
            {
                MqttPropertyWriter.WritePublish(aside, message, delivery);
            }
            else
            {
                aside.Byte(0);
            }

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

        target.Byte((byte)(((byte)MqttPacketType.Publish << 4)
            | (delivery.Duplicate ? 8 : 0) | (delivery.Qos << 1) | (delivery.Retain ? 1 : 0)));
        target.Variable((int)bodyBytes);
        target.Text(topic);
        if (delivery.Qos > 0)
        {
            target.UInt16(delivery.PacketId);
        }

        target.Write(properties);
        target.Write(message.Payload.Span);
        return total;
    }

    private static bool HasProperties(MqttMessage message, in PublishDelivery delivery) =>
        message.PayloadFormat is not null || message.ContentType is not null || message.ResponseTopic is not null
        || !message.CorrelationData.IsEmpty || delivery.ExpirySeconds is not null || message.UserProperties.Count > 0
        || delivery.SubscriptionIds is not null || delivery.TopicAlias != 0;
}
