using System.Buffers;
using System.Globalization;
using System.Text;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.TimeSeries.Chunks;
using Xunit;

namespace Pilotage.Tests.TimeSeries.Chunks;

public sealed class MessageColumnsTests
{
    private const long T0 = 1_700_000_000_000;
    private const long NsPerMs = 1_000_000;

    [Fact]
    public void Whatever_a_message_is_it_comes_back_byte_for_byte()
    {
        var random = new Random(5);
        var inColumns = 0;
        for (var round = 0; round < 400; round++)
        {
            var batch = Batch(random, [.. Enumerable.Range(0, 1 + random.Next(60)).Select(_ => Payload(random))]);

            var packed = MessageColumns.Pack(batch);
            var back = MessageColumns.Unpack(Sent(packed));

            inColumns += batch.Messages.Count - packed.Messages.Count;
            Assert.True(back.IsOk, back.IsOk ? "" : back.Refusal.Message);
            AssertSame(batch, back.Value);
        }

        Assert.InRange(inColumns, 5_000, int.MaxValue);
    }

    [Theory]
    [InlineData("1", "1.5", "-2", "0", "0.001")]
    [InlineData("1.0", "1.5", "-2.0", "1e-05", "0.0")]
    [InlineData("20.50", "21.00", "-0.25", "0.00", "9.75")]
    [InlineData("-0", "1", "2", "3", "4")]
    [InlineData("-0.0", "1.0", "2.5", "3.0", "4.0")]
    [InlineData("0.10000000000000000555", "1e5", "1E+2", "01", "1.")]
    [InlineData("123456789012345678", "-123456789012345678", "9007199254740993", "18446744073709551616", "1")]
    [InlineData("1-2", "--", "-", "1.2.3", "1e999")]
    [InlineData("0.1", "0.30000000000000004", "1E-300", "1.7976931348623157E+308", "5E-324")]
    [InlineData("true", "false", "false", "true", "true")]
    [InlineData("\"2026-03-01T12:00:00.120Z\"", "\"2026-03-01T12:00:00.999Z\"", "\"1970-01-01T00:00:00.000Z\"", "\"2261-12-31T23:59:59.001Z\"", "\"2026-02-28T00:00:00.000Z\"")]
    [InlineData("\"2026-03-01T12:00:00+02:00\"", "\"2026-02-30T12:00:00+02:00\"", "\"2026-03-01T24:00:00+02:00\"", "\"2026-03-01T12:00:60+02:00\"", "\"0001-01-01T00:00:00+02:00\"")]
    [InlineData("\"2026-03-01T12:00:00.1Z\"", "\"2026-03-01T12:00:00.123456789Z\"", "\"2026-03-01T12:00:00Z\"", "\"2026-03-01T12:00:00.1234567890Z\"", "\"2026-03-01T12:00:00.Z\"")]
    [InlineData("\"a\\\"1\"", "\"a\\\"2\"", "\"\\\\\"", "\"1.5\"", "\"2026-03-01T12:00:0\"")]
    [InlineData("\u0001", "\u0002", "\u0003", "\"\\\u0001\"", "7")]
    public void Numbers_and_times_come_back_in_the_characters_they_were_written_in(params string[] values)
    {
        // Each with every other one, so that all pairs of forms share a column once.
        foreach (var other in values)
        {
            string[] payloads = [.. values.SelectMany(value => new[] { value, other }).Select((value, i) => $"{{\"ts\":{T0 + i},\"v\":{value}}}")];
            var batch = Batch(new Random(1), payloads);

            AssertSame(batch, MessageColumns.Unpack(Sent(MessageColumns.Pack(batch))).Value);
        }
    }

    [Fact]
    public void A_point_of_sensor_data_takes_less_than_two_bytes_in_frame_and_all()
    {
        var random = new Random(9);
        var messages = new List<ForwardedMessage>();
        var level = new double[8];
        for (var i = 0; i < 2000; i++)
        {
            var values = Enumerable.Range(0, level.Length).Select(c => string.Create(CultureInfo.InvariantCulture, $"\"s{c}\":{Math.Round(level[c] += random.NextDouble() - 0.5, 2)}"));
            messages.Add(new ForwardedMessage(
                i, (T0 + (i * 1000L) + random.Next(20)) * NsPerMs, $"acme/lyon/pump-{i % 10}/_tele", Encoding.UTF8.GetBytes($"{{\"ts\":{T0 + (i / 10 * 1000L)},\"values\":{{{string.Join(',', values)}}}}}")));
        }

        var bytes = Encoded(MessageColumns.Pack(new ForwardBatch("edge-1", "log", 2000, messages))).Length;

        Assert.InRange((double)bytes / (2000 * level.Length), 0.1, 2);
    }

    [Fact]
    public void A_batch_without_columns_is_of_the_format_that_every_server_reads()
    {
        var batch = Batch(new Random(1), ["1", "{\"v\":1}"]);

        var packed = MessageColumns.Pack(batch with { Messages = [batch.Messages[0], batch.Messages[1] with { Retain = true }] });

        Assert.False(packed.IsOfFormat2);
        Assert.Equal(1, Encoded(packed)[4]);
    }

    [Fact]
    public void Columns_that_nobody_has_vouched_for_are_refused_or_read_without_throwing_and_within_a_bound()
    {
        var random = new Random(17);
        var valid = Enumerable.Range(0, 12).Select(_ => MessageColumns.Pack(Batch(random, [.. Enumerable.Range(0, 40).Select(_ => Payload(random))]))).ToArray();
        var outcomes = new int[2];
        var most = 0L;
        for (var round = 0; round < 30_000; round++)
        {
            var source = valid[random.Next(valid.Length)];
            var mutant = source with { Columns = Mutated(source.Columns.Span, random) };
            var before = GC.GetAllocatedBytesForCurrentThread();

            var read = MessageColumns.Unpack(mutant);

            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
            outcomes[read.IsOk ? 1 : 0]++;
            Assert.True(!read.IsOk || read.Value.Messages.Count <= ForwardBatch.MessagesMax);
        }

        Assert.All(outcomes, count => Assert.InRange(count, 500, 29_500));

        // The cells at eight bytes, twice where a column is unpacked aside, and the text that grows.
        Assert.InRange(most, 1, 64L * 1024 * 1024);
    }

    [Fact]
    public void A_chunk_that_promises_more_than_the_bounds_allow_is_refused_before_it_is_made()
    {
        // One skeleton of 500 marks, 2,100 messages, all columns a line of three bytes: a million numbers and some out of 3 KB.
        var bytes = new List<byte> { 1, 1 };
        Put(bytes, 500);
        bytes.AddRange(Enumerable.Repeat((byte)1, 500));
        bytes.AddRange([1, 0, 0, 1, (byte)'t']);
        Put(bytes, 2_100);
        for (var i = 0; i < 2; i++)
        {
            bytes.AddRange([3, 3, 0, 2]);
        }

        for (var i = 0; i < 500; i++)
        {
            bytes.AddRange([4, 0, 3, 0, 2]);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = MessageColumns.Unpack(new ForwardBatch("e", "l", 1_000_000, []) { Columns = bytes.ToArray() });

        Assert.Equal("forward.malformed", read.Refusal.Code);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 * 1024);
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(0, 5, 5)]
    [InlineData(3, 6, 7)]
    public void An_offset_that_comes_twice_or_lies_beyond_the_batch_is_refused(long besides, long next, int messages)
    {
        var columns = MessageColumns.Pack(Batch(new Random(1), [.. Enumerable.Range(0, messages).Select(i => $"{{\"v\":{i}}}")])).Columns;
        var other = new ForwardedMessage(besides, 0, "acme/lyon/pump-1/_tele", default);

        Assert.Equal("forward.malformed", MessageColumns.Unpack(new ForwardBatch("e", "l", next, [other]) { Columns = columns }).Refusal.Code);
    }

    private static ForwardBatch Batch(Random random, IReadOnlyList<string> payloads)
    {
        var messages = new List<ForwardedMessage>();
        foreach (var payload in payloads)
        {
            messages.Add(new ForwardedMessage(messages.Count, (T0 * NsPerMs) + random.NextInt64(1_000_000_000), $"acme/lyon/pump-{random.Next(2)}/_tele", Encoding.Latin1.GetBytes(payload)));
        }

        return new ForwardBatch("edge-1", "log-1", messages.Count, messages);
    }

    private static string Payload(Random random)
    {
        string Number() => random.Next(6) switch
        {
            0 => random.Next(-1000, 1000).ToString(CultureInfo.InvariantCulture),
            1 => (random.Next(-1000, 1000) / 100.0).ToString("F2", CultureInfo.InvariantCulture),
            2 => random.NextDouble().ToString("R", CultureInfo.InvariantCulture),
            3 => (random.NextDouble() * Math.Pow(10, random.Next(-12, 12))).ToString("G5", CultureInfo.InvariantCulture),
            4 => random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture),
            _ => random.Next(2) == 0 ? "true" : "null",
        };

        var at = DateTimeOffset.FromUnixTimeMilliseconds(T0 + random.Next());
        return random.Next(8) switch
        {
            0 => $"{{\"ts\":\"{at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)}\",\"values\":{{\"a\":{Number()}}}}}",
            1 => $"[{{\"n\":\"a\",\"v\":{Number()}}},{{\"n\":\"b\",\"v\":{Number()}}}]",
            2 => Number(),
            3 => new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => (char)random.Next(256))]),
            4 => $"{{\"text\":\"\\u00e9 {Number()}\",\"b\":{Number()}}}",
            _ => $"{{\"ts\":{at.ToUnixTimeMilliseconds()},\"values\":{{\"a\":{Number()},\"b\":{Number()}}}}}",
        };
    }

    /// <summary>Through the frame and back.</summary>
    private static ForwardBatch Sent(ForwardBatch batch) => ForwardBatch.Decode(Encoded(batch)).Value;

    private static byte[] Encoded(ForwardBatch batch)
    {
        var buffer = new ArrayBufferWriter<byte>();
        batch.Encode(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Mutated(ReadOnlySpan<byte> source, Random random)
    {
        var mutant = source.ToArray().ToList();
        for (var i = random.Next(3); i >= 0; i--)
        {
            var at = random.Next(mutant.Count);
            switch (random.Next(5))
            {
                case 0:
                    mutant[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    mutant.RemoveRange(at, Math.Min(mutant.Count - at - 1, 1 + random.Next(8)));
                    break;
                case 2:
                    mutant.InsertRange(at, Enumerable.Range(0, 1 + random.Next(8)).Select(_ => (byte)random.Next(256)));
                    break;
                case 3:
                    mutant.InsertRange(at, mutant.GetRange(at, Math.Min(mutant.Count - at, random.Next(64))));
                    break;
                default:
                    mutant[at] = 0xFF;
                    break;
            }
        }

        return [.. mutant];
    }

    // Of two bytes.
    private static void Put(List<byte> bytes, int number) => bytes.AddRange([(byte)(number | 0x80), (byte)(number >> 7)]);

    private static void AssertSame(ForwardBatch expected, ForwardBatch actual)
    {
        Assert.Equal(expected.Messages.Count, actual.Messages.Count);
        foreach (var (left, right) in expected.Messages.Zip(actual.Messages))
        {
            Assert.Equal((left.Offset, left.Topic, left.ContentType, left.Retain), (right.Offset, right.Topic, right.ContentType, right.Retain));

            // To the nanosecond where it is the time of the values.
            var hasTime = Encoding.Latin1.GetString(left.Payload.Span).Contains("\"ts\":", StringComparison.Ordinal);
            Assert.InRange(left.EdgeReceiveNs - right.EdgeReceiveNs, 0, hasTime ? NsPerMs - 1 : 0);
            Assert.Equal(Encoding.Latin1.GetString(left.Payload.Span), Encoding.Latin1.GetString(right.Payload.Span));
        }
    }
}
