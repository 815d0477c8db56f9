using Pilotage.Core.Durability;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Simulation.Durability;

/// <summary>P3: damage is detected, never served, and costs no undamaged record.</summary>
public sealed class CommitLogDamageTests
{
    private const int Page = 4096;

    [Theory]
    [InlineData("flip")]
    [InlineData("truncate")]
    [InlineData("zero")]
    [InlineData("swap")]
    [InlineData("splice")]
    public async Task Damage_is_never_served_and_costs_nothing_else(string kind)
    {
        var disk = new SimulatedDisk(new Random(7));
        var whole = await WriteAsync(disk);
        var files = disk.Root.List().ToDictionary(name => name, name => disk.Peek("", name)!);
        foreach (var seed in TestSize.Cases(2_000, 200_000))
        {
            var random = new Random(seed);
            var name = files.Keys.ElementAt(random.Next(files.Count));
            var bytes = files[name].ToArray();
            Damage(kind, bytes, ref bytes, random);
            foreach (var (file, content) in files)
            {
                disk.Poke("", file, file == name ? bytes : content);
            }

            Check(disk, whole, kind, files[name], bytes, seed);
            foreach (var left in disk.Root.List().Except(files.Keys))
            {
                disk.Root.Delete(left);
            }
        }
    }

    private static async Task<Dictionary<long, byte[]>> WriteAsync(SimulatedDisk disk)
    {
        var random = new Random(3);
        var ledger = new LogLedger();
        var scheduler = new InlineScheduler();
        var log = Open(disk, scheduler);
        var records = new Dictionary<long, byte[]>();
        for (var round = 0; round < 14; round++)
        {
            scheduler.Hold();
            var appends = Enumerable.Range(0, 1 + random.Next(20))
                .Select(_ => ledger.Next(random))
                .Select(record => (record, task: log.AppendAsync(record, default).AsTask())).ToArray();
            scheduler.Release();
            foreach (var (record, task) in appends)
            {
                records[await task] = record;
            }
        }

        await log.DisposeAsync();
        return records;
    }

    private static void Check(
        SimulatedDisk disk, Dictionary<long, byte[]> whole, string kind, byte[] before, byte[] after, int seed)
    {
        var log = Open(disk, new InlineScheduler());
        var read = log.Read(1).ToArray();
        foreach (var record in read)
        {
            Assert.True(
                whole.TryGetValue(record.Sequence, out var truth) && record.Payload.Span.SequenceEqual(truth),
                $"{kind} {seed}: record {record.Sequence} was served with other bytes");
        }

        var served = read.Select(record => record.Sequence).ToHashSet();
        var endIsTouched = EndIsTouched(before, after);
        foreach (var (sequence, truth) in whole)
        {
            var isUntouched = before.AsSpan().IndexOf(truth) is var at && (at < 0 || IsSame(before, after, at - 16, truth.Length + 16));

            // Where the proof behind the last block is damaged as well, the block counts as torn: only its start is kept.
            Assert.True(
                served.Contains(sequence) || !isUntouched || endIsTouched,
                $"{kind} {seed}: record {sequence} was not damaged and is missing");
        }

        var missing = log.Damages.Sum(damage => damage.LastSequence - damage.FirstSequence + 1);
        Assert.Equal(log.NextSequence - 1 - read.Length, missing);
    }

    private static bool IsSame(byte[] before, byte[] after, int start, int count) =>
        start >= 0 && start + count <= after.Length && before.AsSpan(start, count).SequenceEqual(after.AsSpan(start, count));

    private static bool EndIsTouched(byte[] before, byte[] after) =>
        after.Length < before.Length || !IsSame(before, after, before.Length - 40, 40);

    private static void Damage(string kind, byte[] source, ref byte[] bytes, Random random)
    {
        var pages = (source.Length + Page - 1) / Page;
        switch (kind)
        {
            case "flip":
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case "truncate":
                bytes = source[..random.Next(source.Length)];
                break;
            case "zero":
                var zeroed = random.Next(pages) * Page;
                bytes.AsSpan(zeroed, Math.Min(Page, bytes.Length - zeroed)).Clear();
                break;
            case "swap":
                var left = random.Next(Math.Max(pages - 1, 1)) * Page;
                var right = random.Next(Math.Max(pages - 1, 1)) * Page;
                source.AsSpan(left, Math.Min(Page, source.Length - left)).ToArray().CopyTo(bytes, right);
                source.AsSpan(right, Math.Min(Page, source.Length - right)).ToArray().CopyTo(bytes, left);
                break;
            default:
                // A stretch of the file stands a second time in another place, as after a misdirected write.
                var length = random.Next(1, Math.Min(5000, source.Length));
                var from = random.Next(source.Length - length);
                source.AsSpan(from, length).ToArray().CopyTo(bytes, random.Next(source.Length - length));
                break;
        }
    }

    private static CommitLog Open(SimulatedDisk disk, InlineScheduler scheduler) => CommitLog.Open(
        disk.Root, new CommitLogOptions { SegmentBytes = 24 * 1024, Writer = scheduler }, new ManualTime());
}
