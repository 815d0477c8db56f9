using System.Buffers;
using System.Text;
using Pilotage.Core.Contracts.Forwarding;
using Xunit;

namespace Pilotage.Tests.Core.Contracts;

public sealed class ForwardBatchTests
{
    [Fact]
    public void Round_trips_every_field_of_every_message()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var batch = Sample(random);

            var back = ForwardBatch.Decode(Encode(batch));

            Assert.True(back.IsOk, back.IsOk ? "" : back.Refusal.Message);
            AssertSame(batch, back.Value);
        }
    }

    [Fact]
    public void Packs_repetitive_telemetry_to_a_fifth_or_less()
    {
        var messages = Enumerable.Range(0, 500).Select(i => new ForwardedMessage(
            i, 1_700_000_000_000_000_000 + (i * 1_000_000L), "acme/testbed/engine-081/_tele",
            Encoding.UTF8.GetBytes($"{{\"ts\":{1_600_000_000_000 + (i * 3_600_000L)},\"values\":{{\"s2\":642.{i % 97},\"s3\":1589.{i % 89}}}}}"))).ToArray();
        var plain = messages.Sum(message => message.Payload.Length);

        var packed = Encode(new ForwardBatch("edge-1", "log", 500, messages)).Length;

        Assert.True(packed * 5 <= plain, $"{packed} of {plain} bytes");
    }

    [Fact]
    public void Refuses_mutated_bytes_without_throwing()
    {
        var random = new Random(11);
        var valid = Enumerable.Range(0, 8).Select(_ => Encode(Sample(random))).ToArray();
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var source = valid[random.Next(valid.Length)];
            var mutant = Mutate(source, random);

            // The compressor leaves bits that nobody reads: what says the same is no other batch.
            if (!mutant.AsSpan().SequenceEqual(source) && ForwardBatch.Decode(mutant).TryGet(out var read, out _) && !Encode(read).AsSpan().SequenceEqual(source))
            {
                accepted++;
            }
        }

        Assert.Equal(0, accepted);
    }

    [Fact]
    public void Reads_any_body_with_a_true_checksum_without_throwing()
    {
        // The checksum guards against accidents; a sender with a key can make it fit, so the body is fuzzed behind it.
        var random = new Random(13);
        var seen = new HashSet<bool>();
        for (var round = 0; round < 20_000; round++)
        {
            var body = Mutate(PlainBody(random), random);
            seen.Add(ForwardBatch.Decode(Frame(body, (uint)body.Length)).IsOk);
        }

        Assert.Contains(false, seen);
        Assert.Contains(true, seen);
    }

    [Fact]
    public void Refuses_a_bomb_that_unpacks_beyond_what_it_says()
    {
        var zeros = new byte[8 * 1024 * 1024];
        var packed = new byte[64 * 1024];
        Assert.True(System.IO.Compression.BrotliEncoder.TryCompress(zeros, packed, out var length, 9, 22));
        var frame = Frame(packed.AsSpan(0, length).ToArray(), 1024, codec: 1);

        Assert.Equal("forward.malformed", ForwardBatch.Decode(frame).Refusal.Code);
    }

    [Fact]
    public void Refuses_a_stated_length_over_the_bound_before_unpacking()
    {
        var frame = Frame([1, 2, 3], ForwardBatch.UnpackedBytesMax + 1u);

        Assert.Equal("forward.too_large", ForwardBatch.Decode(frame).Refusal.Code);
    }

    [Fact]
    public void Refuses_a_format_of_the_future_by_name()
    {
        var frame = Encode(Sample(new Random(1)));
        frame[4] = 3;

        Assert.Equal("forward.version", ForwardBatch.Decode(frame).Refusal.Code);
    }

    [Fact]
    public void A_batch_for_a_server_of_format_1_tells_gaps_by_priority()
    {
        var gaps = Enumerable.Range(0, 600).Select(i => new ForwardGap(i % 2, 2, i, 1000 + i) { Topic = $"acme/s/d{i}/_tele" }).ToList();
        var batch = new ForwardBatch("edge-1", "log", 5, []) { Gaps = gaps };

        Assert.Equal((2, 1), (Encode(batch)[4], Encode(batch.AsFormat1())[4]));
        Assert.Equal([new(0, 600, 0, 1598), new(1, 600, 1, 1599)], ForwardBatch.Decode(Encode(batch.AsFormat1())).Value.Gaps);
    }

    [Fact]
    public void Refuses_offsets_at_or_beyond_the_next_one()
    {
        var batch = new ForwardBatch("edge-1", "log", 5, [new ForwardedMessage(5, 0, "a/b/_tele", default)]);

        Assert.Equal("forward.malformed", ForwardBatch.Decode(Encode(batch)).Refusal.Code);
    }

    private static byte[] Encode(ForwardBatch batch)
    {
        var writer = new ArrayBufferWriter<byte>();
        batch.Encode(writer);
        return writer.WrittenSpan.ToArray();
    }

    private static byte[] PlainBody(Random random)
    {
        // A one-message batch does not shrink, so its frame carries the body as it is.
        var batch = new ForwardBatch("e", "l", 9, [new ForwardedMessage(3, 5, "t/d/_tele", RandomBytes(random, 8))]);
        var frame = Encode(batch);
        Assert.Equal(0, frame[5]);
        return frame[ForwardBatchFormat.HeaderBytes..];
    }

    private static byte[] Frame(byte[] body, uint length, byte codec = 0)
    {
        var frame = new byte[ForwardBatchFormat.HeaderBytes + body.Length];
        ForwardBatchFormat.Magic.CopyTo(frame);
        frame[4] = ForwardBatchFormat.Version;
        frame[5] = codec;
        BitConverter.TryWriteBytes(frame.AsSpan(6), length);
        System.Security.Cryptography.SHA256.HashData(body).AsSpan(0, 8).CopyTo(frame.AsSpan(10));
        body.CopyTo(frame.AsSpan(ForwardBatchFormat.HeaderBytes));
        return frame;
    }

    private static ForwardBatch Sample(Random random)
    {
        var offset = (long)random.Next(1_000_000);
        var messages = new List<ForwardedMessage>();
        for (var i = random.Next(40); i >= 0; i--)
        {
            offset += 1 + random.Next(3);
            messages.Add(new ForwardedMessage(
                offset, random.NextInt64(-1000, long.MaxValue), $"acme/s/d{random.Next(4)}/_tele", RandomBytes(random, random.Next(200)))
            {
                Retain = random.Next(2) == 0,
                ContentType = random.Next(2) == 0 ? null : "application/json",
                UserProperties = [.. Enumerable.Range(0, random.Next(3)).Select(n => ($"n{n}", "v\u00e9"))],
            });
        }

        return new ForwardBatch("edge-1", "log-" + random.Next(), offset + 1 + random.Next(5), messages)
        {
            Gaps = [.. Enumerable.Range(0, random.Next(3)).Select(n => new ForwardGap(n, random.Next(9), -4, 1L << 60) { Topic = offset % 2 == 0 ? null : "acme/s/d1/_tele" })],
            Columns = RandomBytes(random, random.Next(2) * random.Next(50)),
        };
    }

    private static byte[] RandomBytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Mutate(byte[] source, Random random)
    {
        var mutant = source.ToList();
        for (var i = random.Next(3); i >= 0; i--)
        {
            var at = random.Next(mutant.Count);
            switch (random.Next(4))
            {
                case 0:
                    mutant[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    mutant.RemoveRange(at, Math.Min(mutant.Count - at, 1 + random.Next(8)));
                    break;
                case 2:
                    mutant.InsertRange(at, RandomBytes(random, 1 + random.Next(8)));
                    break;
                default:
                    mutant[at] = 0xFF;
                    break;
            }

            if (mutant.Count == 0)
            {
                break;
            }
        }

        return [.. mutant];
    }

    private static void AssertSame(ForwardBatch expected, ForwardBatch actual)
    {
        Assert.Equal((expected.Edge, expected.LogId, expected.NextOffset), (actual.Edge, actual.LogId, actual.NextOffset));
        Assert.Equal(expected.Gaps, actual.Gaps);
        Assert.Equal(expected.Columns.ToArray(), actual.Columns.ToArray());
        Assert.Equal(expected.Messages.Count, actual.Messages.Count);
        foreach (var (left, right) in expected.Messages.Zip(actual.Messages))
        {
            Assert.Equal((left.Offset, left.EdgeReceiveNs, left.Topic), (right.Offset, right.EdgeReceiveNs, right.Topic));
            Assert.Equal((left.ContentType, left.Retain), (right.ContentType, right.Retain));
            Assert.Equal(left.UserProperties, right.UserProperties);
            Assert.Equal(left.Payload.ToArray(), right.Payload.ToArray());
        }
    }
}
