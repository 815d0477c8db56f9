using Pilotage.TimeSeries.Codec;
using Xunit;

namespace Pilotage.Tests.TimeSeries;

/// <summary>What goes in comes out, bit for bit, whatever it is; and decimals come out small.</summary>
public sealed class CodecTests
{
    public static TheoryData<string> Kinds => ["random bits", "special", "walk", "float", "counter", "constant", "mixed", "huge", "tiny"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Doubles_round_trip_bit_for_bit(string kind)
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var values = Enumerable.Range(0, random.Next(1, 200)).Select(i => Value(kind, i, random)).ToArray();
            var writer = new BytesWriter();
            DoubleColumn.Write(writer, values);

            var read = new double[values.Length];
            var reader = new BytesReader(writer.Written);
            Assert.True(DoubleColumn.TryRead(ref reader, read));
            Assert.Equal(0, reader.Left);
            Assert.Equal(values.Select(BitConverter.DoubleToInt64Bits), read.Select(BitConverter.DoubleToInt64Bits));
        }
    }

    [Fact]
    public void Integers_of_every_width_round_trip()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var width = random.Next(65);
            var offset = random.NextInt64(long.MinValue, long.MaxValue);
            var values = Enumerable.Range(0, random.Next(1, 130))
                .Select(_ => width == 0 ? offset : offset + (random.NextInt64(long.MinValue, long.MaxValue) >>> (64 - width))).ToArray();
            var writer = new BytesWriter();
            IntegerColumn.Write(writer, values);

            var read = new long[values.Length];
            var reader = new BytesReader(writer.Written);
            Assert.True(IntegerColumn.TryRead(ref reader, read));
            Assert.Equal(0, reader.Left);
            Assert.Equal(values, read);
        }
    }

    [Fact]
    public void Regular_times_cost_nothing()
    {
        var writer = new BytesWriter();
        IntegerColumn.Write(writer, [.. Enumerable.Range(0, 1000).Select(i => 1_700_000_000_000_000_000 + (i * 3_600_000_000_000L))]);
        Assert.InRange(writer.Length, 1, 20);
    }

    [Theory]
    [InlineData("walk", 1.6)]
    [InlineData("counter", 1.4)]
    [InlineData("constant", 0.1)]
    [InlineData("float", 4.5)]
    [InlineData("random bits", 8.1)]
    public void A_point_takes_few_bytes(string kind, double bytesMax)
    {
        var random = new Random(5);
        var values = Enumerable.Range(0, 1000).Select(i => Value(kind, i, random)).ToArray();
        var writer = new BytesWriter();
        DoubleColumn.Write(writer, values);
        Assert.InRange(writer.Length / 1000.0, 0, bytesMax);
    }

    [Fact]
    public void Bytes_that_cannot_be_are_refused_and_never_throw()
    {
        var writer = new BytesWriter();
        DoubleColumn.Write(writer, [.. Enumerable.Range(0, 100).Select(i => Value("mixed", i, new Random(i)))]);
        var good = writer.Written.ToArray();
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var bytes = good[..random.Next(good.Length)];
            for (var i = random.Next(4); i > 0 && bytes.Length > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var reader = new BytesReader(bytes);
            _ = DoubleColumn.TryRead(ref reader, new double[100]);
        }
    }

    private static double Value(string kind, int i, Random random) => kind switch
    {
        "random bits" => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
        "special" => Special[random.Next(Special.Length)],
        "walk" => Math.Round(20 + Math.Sin(i / 50.0) + (random.NextDouble() / 5), 2),
        "float" => (float)(100 + random.NextDouble()),
        "counter" => 1_000_000 + (i * 7) + random.Next(5),
        "constant" => 21.5,
        "huge" => Math.Round(random.NextDouble() * 1e15, 1),
        "tiny" => Math.Round(random.NextDouble() * 1e-6, 8),
        _ => random.Next(20) == 0 ? Special[random.Next(Special.Length)] : Math.Round(random.NextDouble() * 1000, 4),
    };

    private static readonly double[] Special =
    [
        0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, double.MinValue,
        BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_BEEF), BitConverter.Int64BitsToDouble(unchecked((long)0xFFF0_0000_0000_0001)),
        9_007_199_254_740_991, 9_007_199_254_740_992, 9_007_199_254_740_993, 0.1, 0.30000000000000004, 1e-8, 123456.789,
    ];
}
