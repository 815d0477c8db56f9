using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Simulation.TimeSeries;

/// <summary>P3 of the whole store: whatever file is damaged, no wrong value is served and undamaged blocks stay.</summary>
public sealed class StoreDamageTests
{
    private const int Messages = 400;
    private const int Devices = 3;

    [Theory]
    [InlineData("flip")]
    [InlineData("truncate")]
    [InlineData("zero")]
    [InlineData("swap")]
    public async Task Damage_is_never_served_and_costs_little_else(string kind)
    {
        var disk = new SimulatedDisk(new Random(2));
        var store = new StoreFixture { Disk = disk }.Open(300);
        for (var i = 1; i <= Messages; i++)
        {
            await store.AppendAsync(NumberedMessage.Of(i, Devices), null, default);
        }

        // Not closed, which would leave an empty log: a log with something in it can be damaged too.
        disk.Cut();
        var files = disk.Root.List().ToDictionary(name => name, name => disk.Peek("", name)!);
        var costs = new List<int>();
        foreach (var seed in TestSize.Cases(400, 20_000))
        {
            var random = new Random(seed);
            var name = files.Keys.ElementAt(random.Next(files.Count));
            foreach (var left in disk.Root.List().Except(files.Keys))
            {
                disk.Root.Delete(left);
            }

            foreach (var (file, content) in files)
            {
                disk.Root.Open(file, DurableOpen.OpenOrCreate).Dispose();
                disk.Poke("", file, file == name ? Damaged(kind, content, random) : content);
            }

            costs.Add(Check(new StoreFixture { Disk = disk }.Open(300), name, $"{kind} {seed} of {name}"));
        }

        Assert.True(kind == "truncate" || costs.Average() < 60, $"an average damage cost {costs.Average()} of {Messages} messages");
        Assert.Contains(costs, cost => cost > 0);
    }

    private static int Check(TimeSeriesStore store, string name, string what)
    {
        var seen = new HashSet<long>();
        foreach (var row in NumberedMessage.All(store, Devices))
        {
            Assert.True(NumberedMessage.IsIntact(row, Devices), $"{what}: a wrong row was served for {row.TimeNs}");
            Assert.True(seen.Add(row.TimeNs), $"{what}: {row.TimeNs} came twice");
        }

        var missing = Messages - seen.Count;
        Assert.True(missing == 0 || store.Damaged > 0 || name.StartsWith("head-"), $"{what}: {missing} missing and nothing noticed");
        Assert.True(missing == 0 || name != Pilotage.TimeSeries.Segments.Manifest.FileName, $"{what}: {missing} missing");
        return missing;
    }

    private static byte[] Damaged(string kind, byte[] source, Random random)
    {
        // A page of these small files is an eighth of a real one, or every damage would be total.
        const int Page = 512;
        var bytes = source.ToArray();
        var pages = (source.Length + Page - 1) / Page;
        switch (kind)
        {
            case "flip":
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case "truncate":
                return source[..random.Next(source.Length)];
            case "zero":
                var zeroed = random.Next(pages) * Page;
                bytes.AsSpan(zeroed, Math.Min(Page, bytes.Length - zeroed)).Clear();
                return bytes;
            default:
                var left = random.Next(Math.Max(pages - 1, 1)) * Page;
                var right = random.Next(Math.Max(pages - 1, 1)) * Page;
                source.AsSpan(left, Math.Min(Page, source.Length - left)).CopyTo(bytes.AsSpan(right));
                source.AsSpan(right, Math.Min(Page, source.Length - right)).CopyTo(bytes.AsSpan(left));
                return bytes;
        }
    }
}
