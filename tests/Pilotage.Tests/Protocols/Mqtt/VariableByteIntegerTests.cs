using System.Buffers;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Tests.Protocols.Mqtt;

public sealed class VariableByteIntegerTests
{
    [Theory]
    [InlineData(0u, 1)]
    [InlineData(127u, 1)]
    [InlineData(128u, 2)]
    [InlineData(16_383u, 2)]
    [InlineData(16_384u, 3)]
    [InlineData(2_097_151u, 3)]
    [InlineData(2_097_152u, 4)]
    [InlineData(268_435_455u, 4)]
    public void Comes_back_at_every_bound(uint value, int bytes)
    {
        Span<byte> buffer = stackalloc byte[4];
        var written = VariableByteInteger.Write(buffer, value);

        Assert.Equal(bytes, written);
        Assert.Equal(bytes, VariableByteInteger.Size(value));
        Assert.Equal(OperationStatus.Done, VariableByteInteger.Read(buffer[..written], out var back, out var consumed));
        Assert.Equal(value, back);
        Assert.Equal(bytes, consumed);
    }

    [Fact]
    public void Refuses_an_overlong_encoding()
    {
        Assert.Equal(OperationStatus.InvalidData, VariableByteInteger.Read([0x80, 0x00], out _, out var consumed));
        Assert.Equal(0, consumed);
    }

    [Fact]
    public void Refuses_a_fifth_byte() =>
        Assert.Equal(OperationStatus.InvalidData, VariableByteInteger.Read([0xFF, 0xFF, 0xFF, 0xFF, 0x01], out _, out _));

    [Fact]
    public void Waits_for_the_byte_that_is_still_to_come() =>
        Assert.Equal(OperationStatus.NeedMoreData, VariableByteInteger.Read([0x80], out _, out _));
}
