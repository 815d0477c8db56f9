using System.Buffers;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Tests.Protocols.Mqtt;

/// <summary>Bad bytes get the reason of the standard and nothing else: no exception, no packet.</summary>
public sealed class MalformedTests
{
    private static readonly MqttLimits Limits = new(1024 * 1024, 16, 4096);

    [Theory]
    [InlineData(new byte[] { 0x00, 0x00 }, MqttReason.MalformedPacket)] // reserved type
    [InlineData(new byte[] { 0x36, 0x00 }, MqttReason.MalformedPacket)] // QoS 3
    [InlineData(new byte[] { 0x38, 0x00 }, MqttReason.MalformedPacket)] // DUP with QoS 0
    [InlineData(new byte[] { 0x80, 0x00 }, MqttReason.MalformedPacket)] // SUBSCRIBE without its flag
    [InlineData(new byte[] { 0xC1, 0x00 }, MqttReason.MalformedPacket)] // PINGREQ with a flag
    [InlineData(new byte[] { 0x10, 0xFF, 0xFF, 0xFF, 0xFF }, MqttReason.MalformedPacket)] // five-byte length
    [InlineData(new byte[] { 0x10, 0xFF, 0xFF, 0xFF, 0x7F }, MqttReason.PacketTooLarge)] // 256 MB announced
    public void A_bad_fixed_header_is_refused_at_once(byte[] bytes, MqttReason expected)
    {
        Assert.Equal(OperationStatus.InvalidData, MqttFrame.TryRead(new(bytes), Limits.PacketBytesMax, out _, out var reason));
        Assert.Equal(expected, reason);
    }

    [Theory]
    [InlineData("0000", MqttReason.ProtocolError)] // empty topic, 5.0, no alias
    [InlineData("0001 23 00", MqttReason.TopicNameInvalid)] // "#"
    [InlineData("0001 00 00", MqttReason.MalformedPacket)] // U+0000
    [InlineData("0003 EDA080 00", MqttReason.MalformedPacket)] // surrogate
    [InlineData("0002 C0AF 00", MqttReason.MalformedPacket)] // overlong
    [InlineData("00FF 61", MqttReason.MalformedPacket)] // length lies
    [InlineData("0001 61 02 01", MqttReason.MalformedPacket)] // property section lies
    [InlineData("0001 61 02 0102", MqttReason.ProtocolError)] // payload format 2
    [InlineData("0001 61 04 0100 0100", MqttReason.ProtocolError)] // twice
    [InlineData("0001 61 02 2500", MqttReason.ProtocolError)] // a CONNACK property
    [InlineData("0001 61 02 7F00", MqttReason.MalformedPacket)] // no such property
    [InlineData("0001 61 03 230000", MqttReason.TopicAliasInvalid)] // alias 0
    [InlineData("0001 61 02 0B00", MqttReason.ProtocolError)] // subscription identifier 0
    [InlineData("0001 61 04 080001 2B", MqttReason.ProtocolError)] // response topic with wildcard
    public void A_bad_publish_is_named(string hex, MqttReason expected)
    {
        var body = Hex(hex == "0000" ? "0000 00" : hex);
        Assert.False(MqttDecoder.TryPublish(body, 0, MqttVersion.V5, Limits, out _, out var reason));
        Assert.Equal(expected, reason);
    }

    [Theory]
    [InlineData("0004 4D515454 06 02 0000 00 0000", MqttReason.UnsupportedProtocolVersion)]
    [InlineData("0006 4D5149736470 03 02 0000 0000", MqttReason.UnsupportedProtocolVersion)]
    [InlineData("0004 4D515454 05 03 0000 00 0000", MqttReason.MalformedPacket)] // reserved flag
    [InlineData("0004 4D515454 05 1A 0000 00 0000", MqttReason.MalformedPacket)] // will QoS without will
    [InlineData("0004 4D515454 04 42 0000 0000 0000", MqttReason.MalformedPacket)] // 3.1.1: password without user name
    [InlineData("0004 4D515454 05 02 0000 03 210000 0000", MqttReason.ProtocolError)] // receive maximum 0
    [InlineData("0004 4D515454 05 02 0000 02 1902 0000", MqttReason.ProtocolError)] // request response information 2
    [InlineData("0004 4D515454 05 02 0000 02 1803 0000", MqttReason.ProtocolError)] // will delay among connect properties
    [InlineData("0004 4D515454 05 02 0000 00 0000 00", MqttReason.MalformedPacket)] // bytes left over
    [InlineData("0004 4D515454 05 02 0000 03 160000 0000", MqttReason.ProtocolError)] // authentication data without method
    public void A_bad_connect_is_named(string hex, MqttReason expected)
    {
        Assert.False(MqttDecoder.TryConnect(Hex(hex), Limits, out _, out _, out var reason));
        Assert.Equal(expected, reason);
    }

    [Theory]
    [InlineData("0001 00", MqttReason.ProtocolError)] // no filter
    [InlineData("0000 00 0001 61 00", MqttReason.ProtocolError)] // identifier 0
    [InlineData("0001 00 0001 61 03", MqttReason.MalformedPacket)] // QoS 3
    [InlineData("0001 00 0001 61 40", MqttReason.MalformedPacket)] // reserved bit
    [InlineData("0001 00 0001 61 30", MqttReason.ProtocolError)] // retain handling 3
    [InlineData("0001 00 000A 2473686172652F672F61 04", MqttReason.ProtocolError)] // no local, shared
    [InlineData("0001 00 0001 61", MqttReason.MalformedPacket)] // no options
    public void A_bad_subscribe_is_named(string hex, MqttReason expected)
    {
        Assert.False(MqttDecoder.TrySubscribe(Hex(hex), MqttVersion.V5, Limits, out _, out var reason));
        Assert.Equal(expected, reason);
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    public void User_properties_have_a_bound(int count, bool taken)
    {
        var message = new MqttMessage { Topic = "a", UserProperties = [.. Enumerable.Range(0, count).Select(i => ($"{i}", ""))] };
        var target = new ArrayBufferWriter<byte>();
        MqttEncoder.Publish(target, MqttVersion.V5, message, default, int.MaxValue);
        Assert.Equal(OperationStatus.Done, MqttFrame.TryRead(new(target.WrittenMemory), int.MaxValue, out var frame, out _));

        Assert.Equal(taken, MqttDecoder.TryPublish(target.WrittenSpan[frame.HeaderBytes..], 0, MqttVersion.V5, Limits, out _, out var reason));
        Assert.Equal(taken ? MqttReason.Success : MqttReason.ProtocolError, reason);
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
