using Pilotage.Testing;
using Pilotage.TimeSeries.Codec;
using Xunit;

namespace Pilotage.Tests.TimeSeries;

/// <summary>What goes in comes out, bit for bit, whatever it is; and decimals come out small.</summary>
public sealed class CodecTests
{
    public static TheoryData<string> Kinds => ["random bits", "special", "walk", "float", "counter", "constant", "mixed", "huge", "tiny", "steps", "rough steps", "failing", "failing steps"];

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

    /// <summary>Some values of a column are those that stand there when all of it is read.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Some_values_of_a_column_are_read_alone(string kind)
    {
        foreach (var seed in TestSize.Cases(60, 2_000))
        {
            var random = new Random(seed);
            var values = Enumerable.Range(0, random.Next(1, 1_500)).Select(i => Value(kind, i, random)).ToArray();
            var bits = values.Select(BitConverter.DoubleToInt64Bits).ToArray();
            var truths = bits.Select(each => each & 1).ToArray();
            var (doubles, integers, bools) = (new BytesWriter(), new BytesWriter(), new BytesWriter());
            DoubleColumn.Write(doubles, values);
            IntegerColumn.Write(integers, bits);
            TruthColumn.Write(bools, truths);
            for (var round = 0; round < 8; round++)
            {
                var start = random.Next(values.Length);
                var (some, whole) = (new double[random.Next(values.Length - start + 1)], new long[random.Next(values.Length - start + 1)]);
                var reader = new BytesReader(doubles.Written);
                Assert.True(DoubleColumn.TryRead(ref reader, values.Length, start, some), $"seed {seed}");
                Assert.Equal(bits.Skip(start).Take(some.Length), some.Select(BitConverter.DoubleToInt64Bits));
                reader = new BytesReader(integers.Written);
                Assert.True(IntegerColumn.TryRead(ref reader, values.Length, start, whole), $"seed {seed}");
                Assert.Equal(bits.Skip(start).Take(whole.Length), whole);
                reader = new BytesReader(bools.Written);
                Assert.True(TruthColumn.TryRead(ref reader, values.Length, start, whole), $"seed {seed}");
                Assert.Equal(truths.Skip(start).Take(whole.Length), whole);
            }
        }
    }

    /// <summary>Of times that never fall, those between two are found and no others; regular ones, crowded ones, and the ends of what 64 bits hold.</summary>
    [Theory]
    [InlineData("regular")]
    [InlineData("near regular")]
    [InlineData("crowded")]
    [InlineData("wide")]
    [InlineData("milliseconds")]
    public void Values_between_two_are_read_alone(string kind)
    {
        foreach (var seed in TestSize.Cases(60, 2_000))
        {
            var random = new Random(seed);
            var at = kind == "wide" ? long.MinValue : random.NextInt64(1L << 60);
            var values = Enumerable.Range(0, random.Next(1, 1_500)).Select(_ => at = kind switch
            {
                "regular" => at + 1_000,
                "near regular" => at + 1_000 + random.Next(3),
                "crowded" => at + random.Next(2),
                "wide" => at > long.MaxValue - (1L << 54) ? at : at + random.NextInt64(1L << 54),
                _ => at + (random.Next(5) * 1_000_000L),
            }).ToArray();
            var writer = new BytesWriter();
            IntegerColumn.Write(writer, values);
            for (var round = 0; round < 8; round++)
            {
                var (least, greatest) = (Bound(), Bound());
                (least, greatest) = (Math.Min(least, greatest), Math.Max(least, greatest));
                var reader = new BytesReader(writer.Written);
                var read = IntegerColumn.ReadBetween(ref reader, values.Length, least, greatest, out var start);
                Assert.Equal(values.Where(value => value >= least && value <= greatest), read);
                Assert.True(read!.Length == 0 || start == Array.FindIndex(values, value => value >= least), $"seed {seed}");
            }

            long Bound() => random.Next(6) switch
            {
                0 => long.MinValue,
                1 => long.MaxValue,
                2 => values[random.Next(values.Length)] - 1,
                _ => values[random.Next(values.Length)],
            };
        }
    }

    [Theory]
    [InlineData("extremes")]
    [InlineData("random")]
    [InlineData("constant")]
    [InlineData("rising")]
    public void Whole_numbers_round_trip(string kind)
    {
        long[] extremes = [long.MinValue, long.MinValue + 1, -1, 0, 1, (1L << 53) + 1, long.MaxValue - 1, long.MaxValue];
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var any = random.NextInt64(long.MinValue, long.MaxValue);
            var values = Enumerable.Range(0, random.Next(1, 200)).Select(i => kind switch
            {
                "extremes" => extremes[random.Next(extremes.Length)],
                "random" => random.NextInt64(long.MinValue, long.MaxValue),
                "constant" => any,
                _ => unchecked(any + i),
            }).ToArray();
            var writer = new BytesWriter();
            IntegerColumn.Write(writer, values);
            Assert.Equal(values, Read(writer, values.Length, IntegerColumn.TryRead));
        }
    }

    [Fact]
    public void Truth_values_round_trip_in_runs_of_every_length()
    {
        for (var seed = 0; seed < 1_000; seed++)
        {
            var random = new Random(seed);
            var change = 1 + random.Next(40);
            long now = random.Next(2);
            var values = Enumerable.Range(0, random.Next(1, 300)).Select(_ => now = random.Next(change) == 0 ? 1 - now : now).ToArray();
            var writer = new BytesWriter();
            TruthColumn.Write(writer, values);
            Assert.InRange(writer.Length, 1, 1 + ((values.Length + 7) / 8));
            Assert.Equal(values, Read(writer, values.Length, TruthColumn.TryRead));
        }
    }

    [Theory]
    [InlineData("none")]
    [InlineData("one")]
    [InlineData("short")]
    [InlineData("unicode")]
    [InlineData("long")]
    public void Texts_round_trip(string kind)
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            string[] texts = kind switch
            {
                "none" => [],
                "one" => [""],
                "long" => [.. Enumerable.Range(0, 5).Select(i => new string((char)('a' + i), random.Next(4_096)))],
                "unicode" => [.. Enumerable.Range(0, 50).Select(i => string.Concat(Enumerable.Range(0, i).Select(_ => Letters[random.Next(Letters.Length)])))],
                _ => [.. Enumerable.Range(0, random.Next(1, 100)).Select(i => $"E{i}")],
            };
            var writer = new BytesWriter();
            TextDictionary.Write(writer, texts);
            var reader = new BytesReader(writer.Written);
            Assert.Equal(texts, TextDictionary.Read(ref reader));
        }
    }

    [Fact]
    public void Texts_that_resemble_one_another_take_few_bytes()
    {
        var writer = new BytesWriter();
        TextDictionary.Write(writer, [.. Enumerable.Range(0, 1000).Select(i => $"fault {i} of the main drive: overcurrent in phase {i % 3}")]);
        Assert.InRange(writer.Length, 1, 10_000);
    }

    [Fact]
    public void Texts_and_truth_values_of_bytes_that_cannot_be_are_refused_and_never_throw()
    {
        var texts = new BytesWriter();
        TextDictionary.Write(texts, [.. Enumerable.Range(0, 50).Select(i => $"fault {i}")]);
        var truth = new BytesWriter();
        TruthColumn.Write(truth, [.. Enumerable.Range(0, 100).Select(i => i % 3L / 2)]);
        for (var seed = 0; seed < 3_000; seed++)
        {
            var random = new Random(seed);
            var reader = new BytesReader(Damaged(texts.Written, random));
            _ = TextDictionary.Read(ref reader);
            reader = new BytesReader(Damaged(truth.Written, random));
            _ = TruthColumn.TryRead(ref reader, new long[100]);
        }

        var huge = new BytesWriter();
        huge.Byte(1);
        huge.VarInt(ulong.MaxValue);
        huge.VarInt(ulong.MaxValue);
        var end = new BytesReader(huge.Written);
        Assert.Null(TextDictionary.Read(ref end));
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
    [InlineData("steps", 1.2)]
    [InlineData("failing", 1.7)]
    public void A_point_takes_few_bytes(string kind, double bytesMax)
    {
        var random = new Random(5);
        var values = Enumerable.Range(0, 1000).Select(i => Value(kind, i, random)).ToArray();
        var writer = new BytesWriter();
        DoubleColumn.Write(writer, values);
        Assert.InRange(writer.Length / 1000.0, 0, bytesMax);
    }

    [Theory]
    [InlineData("mixed")]
    [InlineData("steps")]
    [InlineData("failing")]
    public void Bytes_that_cannot_be_are_refused_and_never_throw(string kind)
    {
        var writer = new BytesWriter();
        DoubleColumn.Write(writer, [.. Enumerable.Range(0, 100).Select(i => Value(kind, i, new Random(i)))]);
        var good = writer.Written.ToArray();
        for (var seed = 0; seed < 3000; seed++)
        {
            var reader = new BytesReader(Damaged(good, new Random(seed)));
            _ = DoubleColumn.TryRead(ref reader, new double[100]);
        }
    }

    /// <summary>A table whose values are a table again, and so on, would be a way to end the process.</summary>
    [Fact]
    public void A_table_within_a_table_is_refused()
    {
        var bytes = Enumerable.Repeat<byte[]>([4, 1], 100_000).SelectMany(each => each).ToArray();
        var reader = new BytesReader(bytes);
        Assert.False(DoubleColumn.TryRead(ref reader, new double[4]));
    }

    private delegate bool Reading(ref BytesReader reader, Span<long> values);

    private static readonly string[] Letters = ["a", "\0", "é", "漢", "\U0001F527", "\n", "\""];

    private static long[] Read(BytesWriter writer, int count, Reading read)
    {
        var values = new long[count];
        var reader = new BytesReader(writer.Written);
        Assert.True(read(ref reader, values));
        Assert.Equal(0, reader.Left);
        return values;
    }

    private static byte[] Damaged(ReadOnlySpan<byte> good, Random random)
    {
        var bytes = good[..(random.Next(good.Length) + 1)].ToArray();
        for (var i = random.Next(4); i > 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    private static double Value(string kind, int i, Random random) => kind switch
    {
        "random bits" => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
        "special" => Special[random.Next(Special.Length)],
        "walk" => Math.Round(20 + Math.Sin(i / 50.0) + (random.NextDouble() / 5), 2),
        "float" => (float)(100 + random.NextDouble()),
        "counter" => 1_000_000 + (i * 7) + random.Next(5),
        "constant" => 21.5,
        "steps" => random.Next(60) / 7.0,
        "rough steps" => BitConverter.Int64BitsToDouble(random.Next(-20, 20) * 0x0123_4567_89AB_CDEF),
        "failing" => random.Next(50) == 0 ? double.NaN : Value("walk", i, random),
        "failing steps" => random.Next(40) == 0 ? Special[random.Next(Special.Length)] : Value("steps", i, random),
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
