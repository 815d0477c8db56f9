using System.Buffers;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Tests.Protocols.Mqtt;

/// <summary>A short run of a structure-aware fuzzer: good packets, mutated; the parser answers and never throws.</summary>
public sealed class FuzzTests
{
    private const int Rounds = 40_000;

    // A hostile packet may cost a few times its size in memory, never more.
    private const long AllocationMax = 256 * 1024;
    private static readonly MqttLimits Limits = new(64 * 1024, 16, 4096);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutated_packets_are_answered_and_never_thrown_at(int seed)
    {
        var random = new Random(seed);
        var seeds = Seeds();
        var (good, bad) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var packet = Mutate(seeds[random.Next(seeds.Count)], seeds, random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var taken = Parse(packet);
            var cost = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(cost < AllocationMax, $"seed {seed}, round {round}: {cost} bytes for {Convert.ToHexString(packet)}");
            good += taken ? 1 : 0;
            bad += taken ? 0 : 1;
        }

        // Both must occur often, or the fuzzer has lost its teeth.
        Assert.True(good > Rounds / 50 && bad > Rounds / 10, $"{good} good, {bad} bad");
    }

    private static bool Parse(byte[] packet)
    {
        if (MqttFrame.TryRead(new(packet), Limits.PacketBytesMax, out var frame, out _) != OperationStatus.Done)
        {
            return false;
        }

        var body = packet.AsSpan(frame.HeaderBytes, frame.BodyBytes);
        var taken = false;
        foreach (var version in (ReadOnlySpan<MqttVersion>)[MqttVersion.V311, MqttVersion.V5])
        {
            taken |= frame.Type switch
            {
                MqttPacketType.Connect => MqttDecoder.TryConnect(body, Limits, out _, out _, out _),
                MqttPacketType.ConnAck => MqttDecoder.TryConnAck(body, version, Limits, out _, out _),
                MqttPacketType.Publish => MqttDecoder.TryPublish(body, frame.Flags, version, Limits, out _, out _),
                MqttPacketType.Subscribe => MqttDecoder.TrySubscribe(body, version, Limits, out _, out _),
                MqttPacketType.Unsubscribe => MqttDecoder.TryUnsubscribe(body, version, Limits, out _, out _),
                MqttPacketType.SubAck or MqttPacketType.UnsubAck => MqttDecoder.TrySubAck(body, frame.Type, version, Limits, out _, out _),
                MqttPacketType.Disconnect or MqttPacketType.Auth => MqttDecoder.TryDisconnect(body, frame.Type, version, Limits, out _, out _),
                _ => MqttDecoder.TryAck(body, frame.Type, version, Limits, out _, out _),
            };
        }

        return taken;
    }

    private static byte[] Mutate(byte[] seed, List<byte[]> seeds, Random random)
    {
        var bytes = seed.ToList();
        for (var times = random.Next(4); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.InsertRange(at, seeds[random.Next(seeds.Count)].Take(random.Next(20)));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(Math.Min(8, bytes.Count - at) + 1)));
                    break;
                default:
                    bytes[at] = 0xFF;
                    break;
            }
        }

        // Half of the time the remaining length is made to fit again, so that the body gets its turn.
        if (bytes.Count is > 1 and < 120 && random.Next(2) == 0)
        {
            bytes[1] = (byte)(bytes.Count - 2);
        }

        return [.. bytes];
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
