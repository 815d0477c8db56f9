using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.TimeSeries;

/// <summary>Copies of a store taken while it is written to, sealed, merged and trimmed.</summary>
public sealed class FreezeTests : IDisposable
{
    private const int Devices = 4;

    // So long somebody who may not go on is given the time to.
    private static readonly TimeSpan Held = TimeSpan.FromSeconds(1);
    private static readonly int Copies = TestSize.Count(20, 200);
    private static readonly TimeSeriesOptions Busy = new() { HeadPointsMax = 400, BlockRowsMax = 16, MergedSegments = 2, LogSegmentBytes = 8 * 1024 };
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-freeze-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_copy_has_all_that_was_acknowledged_before_it_was_begun()
    {
        var acked = 0L;
        var segments = new HashSet<int>();
        await using var store = TimeSeriesStore.Open(new PosixDirectory(Path.Combine(_folder, "live")), Busy, TimeProvider.System);
        using var over = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                await store.AppendAsync(NumberedMessage.Of(acked + 1, Devices), null, default);
                Interlocked.Increment(ref acked);
            }
        });

        for (var copy = 0; copy < Copies; copy++)
        {
            var before = Interlocked.Read(ref acked);
            while (Interlocked.Read(ref acked) < before + 50)
            {
                await Task.Yield();
            }

            before = Interlocked.Read(ref acked);
            segments.Add(store.SegmentCount);
            await using var copied = Copied($"copy-{copy}", store.Freeze("series"));
            var stored = NumberedMessage.All(copied, Devices).ToList();

            Assert.Equal(0, copied.Damaged);
            Assert.All(stored, row => Assert.True(NumberedMessage.IsIntact(row, Devices)));
            Assert.Equal(Enumerable.Range(1, stored.Count).Select(number => (long)number), stored.Select(row => row.TimeNs).Order());
            Assert.InRange(stored.Count, before, Interlocked.Read(ref acked) + 1);
            Assert.Empty(copied.Check(default).Damages);
        }

        await over.CancelAsync();
        await writing;
        Assert.True(segments.Count > 3, "the store was not sealed and merged meanwhile");
    }

    [Fact]
    public async Task Nothing_is_sealed_or_trimmed_between_the_parts_of_a_copy()
    {
        var directory = new WatchedDirectory(new PosixDirectory(Path.Combine(_folder, "live")));
        await using var store = TimeSeriesStore.Open(directory, Busy, TimeProvider.System);
        var acked = 0L;
        while (store.SegmentCount < 2)
        {
            await store.AppendAsync(NumberedMessage.Of(++acked, Devices), null, default);
        }

        var before = acked;
        var sealing = Task.CompletedTask;
        directory.OnOpen = name =>
        {
            if (name == "manifest")
            {
                directory.OnOpen = null;
                sealing = Task.Run(SealTwiceAsync);
                sealing.Wait(Held);
            }
        };
        await using var copied = Copied("copy", store.Freeze("series"));
        await sealing;

        Assert.Equal(0, copied.Damaged);
        Assert.Equal(Enumerable.Range(1, (int)before).Select(number => (long)number), NumberedMessage.All(copied, Devices).Select(row => row.TimeNs).Order().TakeWhile(number => number <= before));

        Task SealTwiceAsync() => Task.WhenAll(
            Enumerable.Range(1, 200).Select(more => store.AppendAsync(NumberedMessage.Of(before + more, Devices), null, default).AsTask()));
    }

    [Fact]
    public async Task A_check_names_every_block_that_cannot_be_read_and_counts_the_rest()
    {
        var fixture = new StoreFixture();
        await using (var store = fixture.Open())
        {
            for (var number = 1L; number <= 600; number++)
            {
                await store.AppendAsync(NumberedMessage.Of(number, Devices), null, default);
            }
        }

        await using var whole = fixture.Open();
        var all = whole.Check(default);
        await whole.DisposeAsync();
        var name = fixture.Disk.Root.List().First(file => file.StartsWith("segment-", StringComparison.Ordinal));
        var bytes = fixture.Disk.Peek("", name)!.ToArray();
        bytes[60] ^= 1;
        fixture.Disk.Poke("", name, bytes);
        await using var damaged = fixture.Open();
        var found = damaged.Check(default);

        Assert.Empty(all.Damages);
        Assert.Equal(600, NumberedMessage.All(damaged, Devices).Count() + found.Damages.Sum(damage => damage.Messages));
        var one = Assert.Single(found.Damages);
        Assert.Equal((name, true), (one.File, one.Messages > 0 && one.FirstNs <= one.LastNs && one.Properties.Contains("x")));
        Assert.Equal(all.Points, found.Points + ((long)one.Messages * one.Properties.Count));
        Assert.True(found.Noticed > 0);
    }

    private TimeSeriesStore Copied(string name, IReadOnlyList<FrozenFile> files)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(path);
        foreach (var file in files)
        {
            using (file)
            {
                var bytes = new byte[file.Length];
                Assert.Equal(bytes.Length, file.Read(0, bytes));
                Assert.Equal(0, file.Read(file.Length, new byte[10]));
                File.WriteAllBytes(Path.Combine(path, Path.GetFileName(file.Name)), bytes);
            }
        }

        return TimeSeriesStore.Open(new PosixDirectory(path), Busy with { HasRoomFor = _ => false }, TimeProvider.System);
    }

    /// <summary>A folder that says which file is opened.</summary>
    private sealed class WatchedDirectory(IDurableDirectory inner) : IDurableDirectory
    {
        public Action<string>? OnOpen { get; set; }

        public IDurableFile Open(string name, DurableOpen mode)
        {
            var file = inner.Open(name, mode);
            OnOpen?.Invoke(name);
            return file;
        }

        public bool Exists(string name) => inner.Exists(name);

        public void Rename(string from, string to) => inner.Rename(from, to);

        public void Delete(string name) => inner.Delete(name);

        public void HardLink(string from, string to) => inner.HardLink(from, to);

        public IReadOnlyList<string> List() => inner.List();

        public void Sync() => inner.Sync();

        public IDurableDirectory Sub(string name) => inner.Sub(name);
    }
}
