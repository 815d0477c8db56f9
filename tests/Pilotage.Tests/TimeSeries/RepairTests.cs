using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.TimeSeries;

/// <summary>P3: a repair loses what cannot be read and nothing else, says what that was, and leaves a store without damage.</summary>
public sealed class RepairTests : IDisposable
{
    private const int Devices = 4;
    private const int Messages = 900;
    private static readonly TimeSeriesOptions Small = new() { HeadPointsMax = 700, BlockRowsMax = 24, HasRoomFor = _ => false };
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-repair-").FullName;

    private PosixDirectory Files => new(_folder);

    private List<string> Segments => [.. Files.List().Where(name => name.StartsWith("segment-", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_can_be_read_stays_and_the_rest_is_told_and_put_aside()
    {
        await FillAsync();
        var whole = Directory.GetFiles(_folder).ToDictionary(path => path, File.ReadAllBytes);
        foreach (var seed in TestSize.Cases(12, 200))
        {
            var random = new Random(seed);
            Array.ForEach(Directory.GetFiles(_folder), File.Delete);
            Array.ForEach([.. whole], file => File.WriteAllBytes(file.Key, file.Value));
            var (damaged, hasLostFooter) = Damage(random);
            List<long> readable;
            await using (var store = TimeSeriesStore.Open(Files, Small, TimeProvider.System))
            {
                readable = Numbers(store);
                var repaired = await store.RepairAsync(default);
                Assert.Equal(damaged.Select(name => "damaged-" + name), repaired.Aside.Order(StringComparer.Ordinal));

                // Of a segment that lost its footer too nobody knows what else there was.
                var told = readable.Count + repaired.Found.Damages.Sum(damage => damage.Messages);
                Assert.True(hasLostFooter ? told <= Messages : told == Messages, $"seed {seed}: {told}");
                Assert.Equal(readable, Numbers(store));
                Assert.Empty(store.Check(default).Damages);
            }

            // Opened again, nothing is damaged, all is there as it was, and there is nothing more to mend.
            await using (var again = TimeSeriesStore.Open(Files, Small, TimeProvider.System))
            {
                Assert.True(again.Damaged == 0 && readable.SequenceEqual(Numbers(again)), $"seed {seed}");
                Assert.All(NumberedMessage.All(again, Devices), row => Assert.True(NumberedMessage.IsIntact(row, Devices)));
                Assert.Empty((await again.RepairAsync(default)).Aside);
                await again.AppendAsync(NumberedMessage.Of(Messages + 1, Devices), null, default);
                Assert.Equal(readable.Count + 1, Numbers(again).Count);
            }

            Assert.All(damaged, name => Assert.True(File.Exists(Path.Combine(_folder, "damaged-" + name)), name));
        }
    }

    /// <summary>Wherever the disk ends it, opened again the store has what could be read before.</summary>
    [Fact]
    public async Task A_repair_that_is_broken_off_leaves_each_segment_as_it_was_or_mended()
    {
        var brokenOff = 0;
        foreach (var seed in TestSize.Cases(12, 200))
        {
            var random = new Random(seed);
            var fixture = new StoreFixture { Disk = new SimulatedDisk(new Random(seed)) };
            await using (var store = fixture.Open(headPointsMax: 700, blockRowsMax: 24))
            {
                for (var number = 1L; number <= 300; number++)
                {
                    await store.AppendAsync(NumberedMessage.Of(number, Devices), null, default);
                }
            }

            var name = fixture.Disk.Root.List().Where(file => file.StartsWith("segment-", StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();
            var bytes = fixture.Disk.Peek("", name)!.ToArray();
            bytes[random.Next(bytes.Length / 2)] ^= 0x10;
            fixture.Disk.Poke("", name, bytes);
            List<long> readable;
            await using (var before = fixture.Open(headPointsMax: 700, blockRowsMax: 24))
            {
                readable = Numbers(before);
            }

            var repairing = fixture.Open(headPointsMax: 700, blockRowsMax: 24);
            fixture.Disk.FailAt(random.Next(1, 9), random.Next(2) == 0 ? DiskOperation.Write : DiskOperation.Sync, StorageFault.Io);
            try
            {
                await repairing.RepairAsync(default);
            }
            catch (StorageException)
            {
                brokenOff++;
            }

            fixture.Disk.Cut();
            await using var after = fixture.Open(headPointsMax: 700, blockRowsMax: 24);
            Assert.True(readable.SequenceEqual(Numbers(after)), $"seed {seed}");

            // The damaged file is still there, whoever may read more of it.
            var kept = (string[])[name, "damaged-" + name];
            Assert.True(Array.Exists(kept, one => fixture.Disk.Peek("", one)?.AsSpan().SequenceEqual(bytes) == true), $"seed {seed}: {string.Join(", ", fixture.Disk.Root.List())}");
        }

        Assert.True(brokenOff > 0, "none was broken off");
    }

    /// <summary>The power is cut at each sync of a repair, and of what was not synced nothing is left: under one name or the other the damaged file is there.</summary>
    [Fact]
    public async Task The_damaged_file_survives_a_power_cut_at_any_step()
    {
        var (cut, seed) = (0, 0);
        for (var sync = 1; sync <= 12; sync++)
        {
            for (var repeat = 0; repeat < 4; repeat++)
            {
                var fixture = new StoreFixture { Disk = new SimulatedDisk(new Random(++seed)) };
                await using (var store = fixture.Open(headPointsMax: 700, blockRowsMax: 24))
                {
                    for (var number = 1L; number <= 300; number++)
                    {
                        await store.AppendAsync(NumberedMessage.Of(number, Devices), null, default);
                    }
                }

                var name = fixture.Disk.Root.List().Where(file => file.StartsWith("segment-", StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();
                var bytes = fixture.Disk.Peek("", name)!.ToArray();
                bytes[60] ^= 0x10;
                fixture.Disk.Poke("", name, bytes);
                var repairing = fixture.Open(headPointsMax: 700, blockRowsMax: 24);
                fixture.Disk.FailAt(sync, DiskOperation.Sync, StorageFault.Io);
                try
                {
                    await repairing.RepairAsync(default);
                }
                catch (StorageException)
                {
                    cut++;
                }

                fixture.Disk.Cut();
                await using var after = fixture.Open(headPointsMax: 700, blockRowsMax: 24);
                var kept = (string[])[name, "damaged-" + name];
                Assert.True(
                    Array.Exists(kept, one => fixture.Disk.Peek("", one)?.AsSpan().SequenceEqual(bytes) == true), $"sync {sync}, seed {seed}: {string.Join(", ", fixture.Disk.Root.List())}");
            }
        }

        Assert.True(cut >= 8, $"{cut} were cut");
    }

    private static List<long> Numbers(TimeSeriesStore store) => [.. NumberedMessage.All(store, Devices).Select(row => row.TimeNs).Order()];

    private async Task FillAsync()
    {
        await using var store = TimeSeriesStore.Open(Files, Small, TimeProvider.System);
        for (var number = 1L; number <= Messages; number++)
        {
            await store.AppendAsync(NumberedMessage.Of(number, Devices), null, default);
        }
    }

    /// <summary>Some bits of some segments, in blocks or in the footer; which segments, and whether a footer was hit.</summary>
    private (List<string> Names, bool HasLostFooter) Damage(Random random)
    {
        var hasLostFooter = false;
        var damaged = Segments.Where(_ => random.Next(3) == 0).DefaultIfEmpty(Segments[0]).ToList();
        foreach (var name in damaged)
        {
            var path = Path.Combine(_folder, name);
            var bytes = File.ReadAllBytes(path);
            for (var times = random.Next(1, 4); times > 0; times--)
            {
                // Every byte of a block has a checksum, and so has the footer.
                var isFooter = random.Next(4) == 0;
                hasLostFooter |= isFooter;
                bytes[isFooter ? bytes.Length - 30 : random.Next(bytes.Length / 2)] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(path, bytes);
        }

        return (damaged, hasLostFooter);
    }
}
