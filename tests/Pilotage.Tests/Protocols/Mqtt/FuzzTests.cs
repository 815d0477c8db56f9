using System.Buffers;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Tests.Protocols.Mqtt;

/// <summary>P10 in process: a structure-aware fuzzer; the parser answers and never throws.</summary>
public sealed class FuzzTests
{
    private const int Seeds = 2;
    private static readonly int Rounds = TestSize.Count(1_000_000, 20_000_000) / Seeds;

    // A hostile packet may cost a few times its size in memory, never more.
    private const long AllocationMax = 256 * 1024;
    private static readonly MqttLimits Limits = new(64 * 1024, 16, 4096);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutated_packets_are_answered_and_never_thrown_at(int number)
    {
        var seed = (TestSize.Seed * Seeds) + number;
        var packets = new HostilePackets(new Random(seed));
        var (good, bad) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var packet = packets.Next();
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
}
