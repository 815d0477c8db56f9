using System.Globalization;
using System.Text;
using System.Text.Json;
using Pilotage.Server.Fabric;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Numbers as JSON: they read back bit for bit, and no longer than they need be.</summary>
public sealed class JsonNumberTests
{
    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(-0.0, "-0")]
    [InlineData(1.5, "1.5")]
    [InlineData(-21.125, "-21.125")]
    [InlineData(-0.05, "-0.05")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(1767225600500.0, "1767225600500")]
    [InlineData(999999999.999999, "999999999.999999")]
    public void Decimals_are_written_as_people_write_them(double value, string expected) => Assert.Equal(expected, Text(value));

    [Fact]
    public void A_number_is_written_the_same_whatever_the_one_before_was()
    {
        var seed = TestSize.Seed;
        var random = new Random(seed);
        Span<byte> bytes = stackalloc byte[JsonNumber.BytesMax];
        var places = 0;
        for (var round = 0; round < 200_000; round++)
        {
            var value = (round % 3) switch
            {
                0 => Math.Round((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(12)), random.Next(9)),
                1 => random.Next(-100, 100) * (random.Next(2) == 0 ? 0.0 : 1),
                _ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-10, 20)),
            };
            Assert.True(Text(value) == Encoding.ASCII.GetString(bytes[..JsonNumber.Format(value, ref places, bytes)]), $"seed {seed}: {value:R}");
        }
    }

    [Fact]
    public void What_is_written_reads_back_bit_for_bit_and_is_the_shortest_that_does()
    {
        var seed = TestSize.Seed;
        var random = new Random(seed);
        for (var round = 0; round < 200_000; round++)
        {
            var value = (round % 4) switch
            {
                0 => BitConverter.Int64BitsToDouble(random.NextInt64()),
                1 => Math.Round((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(12)), random.Next(9)),
                2 => random.NextInt64(-1L << 54, 1L << 54),
                _ => random.NextDouble() * Math.Pow(10, random.Next(-10, 20)),
            };
            if (!double.IsFinite(value))
            {
                continue;
            }

            var text = Text(value);
            var read = JsonDocument.Parse(text).RootElement.GetDouble();
            Assert.True(BitConverter.DoubleToInt64Bits(read) == BitConverter.DoubleToInt64Bits(value), $"seed {seed}: {value:R} was written as {text}");
            Assert.True(Digits(text) <= Digits(value.ToString("R", CultureInfo.InvariantCulture)), $"seed {seed}: {value:R} was written as {text}");
        }
    }

    /// <summary>Times are told to the last nanosecond, before 1970 too, and no digit more than there is.</summary>
    [Fact]
    public void Times_in_milliseconds_are_exact()
    {
        var seed = TestSize.Seed;
        var random = new Random(seed);
        Span<byte> bytes = stackalloc byte[JsonNumber.BytesMax];
        for (var round = 0; round < 20_000; round++)
        {
            var unit = (long)Math.Pow(10, random.Next(10));
            var ns = random.NextInt64(-5_000_000_000_000_000_000, 5_000_000_000_000_000_000) / unit * unit;
            var text = Encoding.ASCII.GetString(bytes[..JsonNumber.FormatMilliseconds(ns, bytes)]);
            Assert.True(text == (ns / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture), $"seed {seed}: {ns} ns were written as {text}");
            Assert.Equal(ns / 1_000_000 * 1.0, Clock.ToMs(ns / 1_000_000 * 1_000_000));
        }
    }

    private static int Digits(string text) => text.Split('E')[0].Replace(".", "", StringComparison.Ordinal).Trim('-').Trim('0').Length;

    private static string Text(double value)
    {
        Span<byte> bytes = stackalloc byte[JsonNumber.BytesMax];
        return Encoding.ASCII.GetString(bytes[..JsonNumber.Format(value, bytes)]);
    }
}
