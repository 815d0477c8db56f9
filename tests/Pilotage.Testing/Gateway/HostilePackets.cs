using System.Buffers;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Testing.Gateway;

/// <summary>Packets as a fuzzer that knows their structure makes them: good ones of every type and both versions, mutated.</summary>
public sealed class HostilePackets(Random random)
{
    private readonly HostileBytes _bytes = new(random, Seeds(), [0x00, 0x01, 0x7F, 0x80, 0xFF]);

    /// <summary>The next one; the same seed gives the same packets.</summary>
    public byte[] Next()
    {
        var bytes = _bytes.Next();

        // Half of the time the remaining length is made to fit again, so that the body gets its turn.
        if (bytes.Length is > 1 and < 120 && random.Next(2) == 0)
        {
            bytes[1] = (byte)(bytes.Length - 2);
        }

        return bytes;
    }

    private static List<byte[]> Seeds()
    {
        var all = new List<byte[]>();
        var properties = new MqttProperties { ReasonString = "why", UserProperties = [("a", "b")] };
        var will = new WillMessage(new() { Topic = "w", Qos = 1, ContentType = "x" }, 3);
        var connect = new ConnectPacket
        {
            ClientId = "c",
            UserName = "u",
            Password = new byte[2],
            Will = will,
            Properties = new() { SessionExpiry = 9, UserProperties = [("a", "b")] },
        };
        var message = new MqttMessage
        {
            Topic = "a/b",
            Payload = new byte[9],
            ResponseTopic = "r",
            CorrelationData = new byte[3],
            UserProperties = [("k", "v")],
        };
        var delivery = new PublishDelivery
        {
            Qos = 1,
            PacketId = 5,
            SubscriptionIds = [1, 300],
            ExpirySeconds = 4,
            TopicAlias = 2,
        };
        foreach (var version in (MqttVersion[])[MqttVersion.V311, MqttVersion.V5])
        {
            Add(t => MqttEncoder.Connect(t, connect with { Version = version }));
            Add(t => MqttEncoder.ConnAck(t, version, new(true, MqttReason.Success, new() { ReceiveMaximum = 7, AssignedClientId = "q" }), 1000));
            Add(t => MqttEncoder.Publish(t, version, message, delivery, 1000));
            Add(t => MqttEncoder.Ack(t, version, MqttPacketType.PubAck, new(1, MqttReason.QuotaExceeded, properties), 1000));
            Add(t => MqttEncoder.Subscribe(t, version, new(1, [new("a/#", 1), new("$share/g/b", 0)], new() { SubscriptionIds = [7] }), 1000));
            Add(t => MqttEncoder.Unsubscribe(t, version, new(1, ["a", "+/b"]), 1000));
            Add(t => MqttEncoder.SubAck(t, version, MqttPacketType.SubAck, new(1, [MqttReason.Success], properties), 1000));
            Add(t => MqttEncoder.Disconnect(t, version, MqttPacketType.Disconnect, new(MqttReason.ServerBusy, properties), 1000));
        }

        return all;

        void Add(Func<ArrayBufferWriter<byte>, int> write)
        {
            var target = new ArrayBufferWriter<byte>();
            write(target);
            all.Add(target.WrittenSpan.ToArray());
        }
    }
}
