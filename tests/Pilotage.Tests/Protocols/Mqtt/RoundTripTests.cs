using System.Buffers;
using System.Reflection;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Tests.Protocols.Mqtt;

public sealed class RoundTripTests
{
    private static readonly MqttLimits Limits = MqttLimits.Standard;

    public static TheoryData<MqttVersion> Versions => [MqttVersion.V311, MqttVersion.V5];

    [Theory]
    [MemberData(nameof(Versions))]
    public void Connect_comes_back(MqttVersion version)
    {
        var five = version == MqttVersion.V5;
        var sent = new ConnectPacket
        {
            Version = version,
            ClientId = "pump-1",
            CleanStart = false,
            KeepAliveSeconds = 30,
            UserName = "ü",
            Password = new byte[] { 1, 2, 3 },
            Will = new(
                new() { Topic = "a/_state", Payload = "bye"u8.ToArray(), Qos = 1, Retain = true, ContentType = five ? "text/plain" : null },
                five ? 7u : 0u),
            Properties = five ? new() { SessionExpiry = 60, ReceiveMaximum = 5, UserProperties = [("k", "v"), ("k", "w")] } : null,
        };
        var bytes = Write(target => MqttEncoder.Connect(target, sent));

        Assert.True(MqttDecoder.TryConnect(Body(bytes, MqttPacketType.Connect, out _), Limits, out var got, out _, out _));
        Assert.Equal(sent.ClientId, got.ClientId);
        Assert.Equal((sent.CleanStart, sent.KeepAliveSeconds, sent.UserName), (got.CleanStart, got.KeepAliveSeconds, got.UserName));
        Assert.Equal(sent.Password.Value.ToArray(), got.Password!.Value.ToArray());
        Assert.Equal(sent.Will.DelaySeconds, got.Will!.DelaySeconds);
        Assert.Equal(sent.Will.Message.Payload.ToArray(), got.Will.Message.Payload.ToArray());
        Assert.Equal(
            (sent.Will.Message.Topic, sent.Will.Message.Qos, sent.Will.Message.Retain, sent.Will.Message.ContentType),
            (got.Will.Message.Topic, got.Will.Message.Qos, got.Will.Message.Retain, got.Will.Message.ContentType));
        AssertSame(sent.Properties, got.Properties);
    }

    [Fact]
    public void Every_property_comes_back_in_the_packets_that_may_bear_it()
    {
        var properties = new MqttProperties
        {
            SessionExpiry = 1,
            AssignedClientId = "x",
            ServerKeepAlive = 2,
            AuthenticationMethod = "m",
            AuthenticationData = [9],
            ResponseInformation = "r",
            ServerReference = "s",
            ReasonString = "why",
            ReceiveMaximum = 3,
            TopicAliasMaximum = 4,
            MaximumQos = 1,
            RetainAvailable = true,
            MaximumPacketSize = 5,
            WildcardSubscriptionAvailable = false,
            SubscriptionIdsAvailable = true,
            SharedSubscriptionAvailable = false,
            UserProperties = [("a", "b"), ("a", "c")],
        };
        var bytes = Write(target => MqttEncoder.ConnAck(target, MqttVersion.V5, new(true, MqttReason.Success, properties), int.MaxValue));

        Assert.True(MqttDecoder.TryConnAck(Body(bytes, MqttPacketType.ConnAck, out _), MqttVersion.V5, Limits, out var got, out _));
        Assert.True(got.SessionPresent);
        AssertSame(properties, got.Properties);
    }

    [Theory]
    [InlineData(MqttPacketType.SubAck)]
    [InlineData(MqttPacketType.UnsubAck)]
    public void Words_that_do_not_fit_are_left_out_and_the_reasons_stay(MqttPacketType type)
    {
        var sent = new SubAckPacket(5, [MqttReason.NotAuthorized, MqttReason.Success], new() { ReasonString = new('x', 50) });
        var bytes = Write(target => MqttEncoder.SubAck(target, MqttVersion.V5, type, sent, 10));
        Assert.True(MqttDecoder.TrySubAck(Body(bytes, type, out _), type, MqttVersion.V5, Limits, out var got, out _));
        Assert.Equal((5, null), (got.PacketId, got.Properties));
        Assert.Equal(sent.Reasons, got.Reasons);
    }

    [Fact]
    public void A_refusal_without_a_code_in_3_1_1_is_not_written_there()
    {
        var refusal = new ConnAckPacket(false, MqttReason.MalformedPacket, null);
        var target = new ArrayBufferWriter<byte>();
        Assert.Equal(0, MqttEncoder.ConnAck(target, MqttVersion.V311, refusal, int.MaxValue));
        Assert.Equal(0, target.WrittenCount);
        Assert.Equal(5, MqttEncoder.ConnAck(target, MqttVersion.V5, refusal, int.MaxValue));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Publish_comes_back_from_any_split_of_its_bytes(MqttVersion version)
    {
        var sent = new MqttMessage
        {
            Topic = "acme/lyon/pump/_tele",
            Payload = new byte[300],
            Qos = 1,
            PayloadFormat = 1,
            ContentType = "application/json",
            ResponseTopic = "acme/answer",
            CorrelationData = new byte[] { 1, 2 },
            UserProperties = [("z", "1"), ("a", "2")],
        };
        var delivery = new PublishDelivery { Qos = 1, PacketId = 513, Retain = true, Duplicate = true, ExpirySeconds = 9, SubscriptionIds = [1, 200] };
        var bytes = Write(target => MqttEncoder.Publish(target, version, sent, delivery, int.MaxValue));
        for (var split = 0; split < bytes.Length; split++)
        {
            var first = new Segment(bytes.AsMemory(0, split));
            var sequence = new ReadOnlySequence<byte>(first, 0, first.Append(bytes.AsMemory(split)), bytes.Length - split);
            Assert.Equal(OperationStatus.Done, MqttFrame.TryRead(sequence, int.MaxValue, out var frame, out _));
            var body = sequence.Slice(frame.HeaderBytes, frame.BodyBytes).ToArray();
            Assert.True(MqttDecoder.TryPublish(body, frame.Flags, version, Limits, out var view, out _));
            Assert.True(view is { Duplicate: true, Qos: 1, Retain: true, PacketId: 513 });
            var got = view.ToMessage(view.TopicText());
            Assert.Equal(sent.Topic, got.Topic);
            Assert.Equal(sent.Payload.ToArray(), got.Payload.ToArray());
            if (version == MqttVersion.V5)
            {
                Assert.Equal(sent.UserProperties, got.UserProperties);
                Assert.Equal((sent.ContentType, sent.ResponseTopic, (byte?)1, (uint?)9), (got.ContentType, got.ResponseTopic, got.PayloadFormat, got.ExpirySeconds));
                Assert.Equal(sent.CorrelationData.ToArray(), got.CorrelationData.ToArray());
                Assert.Equal([1u, 200u], view.Properties!.SubscriptionIds!);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Acks_come_back(MqttVersion version)
    {
        foreach (var type in (MqttPacketType[])[MqttPacketType.PubAck, MqttPacketType.PubRec, MqttPacketType.PubRel, MqttPacketType.PubComp])
        {
            var reason = version == MqttVersion.V5 ? MqttReason.PacketIdentifierNotFound : MqttReason.Success;
            var bytes = Write(target => MqttEncoder.Ack(target, version, type, new(7, reason), int.MaxValue));
            Assert.True(MqttDecoder.TryAck(Body(bytes, type, out _), type, version, Limits, out var got, out _));
            Assert.Equal((7, reason), (got.PacketId, got.Reason));
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Subscriptions_come_back(MqttVersion version)
    {
        var five = version == MqttVersion.V5;
        var filter = new SubscribeFilter("a/#", 1, five, five, five ? (byte)2 : (byte)0);
        var properties = five ? new MqttProperties { SubscriptionIds = [268_435_455] } : null;
        var bytes = Write(target => MqttEncoder.Subscribe(target, version, new(3, [filter, new("b", 0)], properties), int.MaxValue));
        Assert.True(MqttDecoder.TrySubscribe(Body(bytes, MqttPacketType.Subscribe, out _), version, Limits, out var subscribe, out _));
        Assert.Equal([filter, new("b", 0)], subscribe.Filters);
        AssertSame(properties, subscribe.Properties);

        bytes = Write(target => MqttEncoder.Unsubscribe(target, version, new(4, ["a/#", "b"]), int.MaxValue));
        Assert.True(MqttDecoder.TryUnsubscribe(Body(bytes, MqttPacketType.Unsubscribe, out _), version, Limits, out var unsubscribe, out _));
        Assert.Equal(["a/#", "b"], unsubscribe.Filters);

        bytes = Write(target => MqttEncoder.SubAck(target, version, MqttPacketType.SubAck, new(5, [MqttReason.GrantedQos1, MqttReason.NotAuthorized]), int.MaxValue));
        Assert.True(MqttDecoder.TrySubAck(Body(bytes, MqttPacketType.SubAck, out _), MqttPacketType.SubAck, version, Limits, out var ack, out _));
        Assert.Equal([MqttReason.GrantedQos1, five ? MqttReason.NotAuthorized : MqttReason.UnspecifiedError], ack.Reasons);
    }

    [Fact]
    public void A_packet_too_large_loses_its_words_before_it_is_withheld()
    {
        var packet = new DisconnectPacket(MqttReason.QuotaExceeded, new() { ReasonString = new string('x', 100) });
        var small = Write(target => MqttEncoder.Disconnect(target, MqttVersion.V5, MqttPacketType.Disconnect, packet, 20));

        Assert.True(MqttDecoder.TryDisconnect(Body(small, MqttPacketType.Disconnect, out _), MqttPacketType.Disconnect, MqttVersion.V5, Limits, out var got, out _));
        Assert.Equal(MqttReason.QuotaExceeded, got.Reason);
        Assert.Null(got.Properties?.ReasonString);
        Assert.Equal(100, packet.Properties!.ReasonString!.Length);
    }

    private static byte[] Write(Func<ArrayBufferWriter<byte>, int> write)
    {
        var target = new ArrayBufferWriter<byte>();
        Assert.Equal(target.WrittenCount + write(target), target.WrittenCount);
        return target.WrittenSpan.ToArray();
    }

    private static byte[] Body(byte[] packet, MqttPacketType type, out MqttFrame frame)
    {
        Assert.Equal(OperationStatus.Done, MqttFrame.TryRead(new(packet), int.MaxValue, out frame, out _));
        Assert.Equal((type, packet.Length), (frame.Type, frame.TotalBytes));
        return packet[frame.HeaderBytes..];
    }

    private static void AssertSame(MqttProperties? expected, MqttProperties? actual)
    {
        foreach (var property in typeof(MqttProperties).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            Assert.Equal(expected is null ? null : property.GetValue(expected), actual is null ? null : property.GetValue(actual));
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
