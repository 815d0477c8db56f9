using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Simulation.TimeSeries;

/// <summary>P1 and P2 of the whole store in simulation: cuts and faults while appending, sealing and opening.</summary>
public sealed class StorePowerCutTests(ITestOutputHelper output)
{
    [Fact]
    public async Task No_power_cut_loses_doubles_or_alters_an_acknowledged_message()
    {
        var (cuts, acked) = (0, 0L);
        foreach (var seed in TestSize.Cases(240, 12_000))
        {
            var story = new Story(seed, ignoresSync: false);
            await story.RunAsync();
            Assert.True(story.Faults == 0 && story.Acked > 0, $"seed {seed}: {story.Verdict}");
            (cuts, acked) = (cuts + Story.Lives, acked + story.Acked);
        }

        output.WriteLine(PromiseTotals.Line("P1", ("simulated power cuts", cuts), ("messages accounted in simulation", acked)));
    }

    [Fact]
    public async Task The_same_loop_reports_loss_when_syncing_is_switched_off()
    {
        var lost = 0;
        for (var seed = 0; seed < 20; seed++)
        {
            var story = new Story(seed, ignoresSync: true);
            await story.RunAsync();
            lost += story.Faults > 0 ? 1 : 0;
        }

        Assert.True(lost > 15, $"only {lost} of 20 runs without syncing showed a loss: the harness is blind");
    }

    /// <summary>Devices that send numbered messages through an edge whose place is kept in the same commit.</summary>
    private sealed class Story(int seed, bool ignoresSync)
    {
        public const int Lives = 5;
        private const int Devices = 4;
        private readonly Random _random = new(seed);
        private readonly HashSet<long> _acked = [];
        private readonly HashSet<long> _deleted = [];

        // A deletion that was not acknowledged may hold or not.
        private readonly HashSet<long> _doubtful = [];

        // Messages of one batch are acknowledged on several threads at once.
        private readonly Lock _acking = new();
        private long _sent;
        private long _mark;

        public int Faults { get; private set; }

        public int Acked => _acked.Count;

        public string Verdict { get; private set; } = "";

        public async Task RunAsync()
        {
            var disk = new SimulatedDisk(_random) { IgnoresSync = ignoresSync };
            for (var life = 0; life < Lives; life++)
            {
                await LiveAsync(disk);
                disk.Cut();
            }

            Account(new StoreFixture { Disk = disk }.Open(150));
        }

        private async Task LiveAsync(SimulatedDisk disk)
        {
            var fixture = new StoreFixture { Disk = disk };
            if (_random.Next(2) == 0)
            {
                var operation = _random.Next(2) == 0 ? DiskOperation.Write : DiskOperation.Sync;
                disk.FailAt(1 + _random.Next(120), operation, _random.Next(4) == 0 ? StorageFault.Full : StorageFault.Io);
            }

            TimeSeriesStore store;
            try
            {
                store = fixture.Open(150);
            }
            catch (StorageException)
            {
                return;
            }

            Account(store);
            for (var left = _random.Next(80); left > 0; left--)
            {
                fixture.Scheduler.Hold();
                var appends = Enumerable.Range(0, 1 + _random.Next(4)).Select(_ => SendAsync(store)).ToArray();
                fixture.Scheduler.Release();
                await Task.WhenAll(appends);
                if (_random.Next(12) == 0)
                {
                    await DeleteAsync(store);
                }
            }
        }

        private async Task SendAsync(TimeSeriesStore store)
        {
            // The time is the number, so each message is a row of its own and can be accounted for.
            var number = ++_sent;
            ForwardMark? mark = number % 3 == 0 ? new ForwardMark("edge", "log", number) : null;
            try
            {
                await store.AppendAsync(NumberedMessage.Of(number, Devices), mark, default);
                lock (_acking)
                {
                    _acked.Add(number);
                    _mark = Math.Max(_mark, mark?.Offset ?? 0);
                }
            }
            catch (IOException)
            {
                // Refused or in doubt: it may be there or not, but not half.
            }
        }

        private async Task DeleteAsync(TimeSeriesStore store)
        {
            var from = _random.NextInt64(1, _sent + 1);
            var to = Math.Min(from + _random.Next(60), _sent);
            var device = _random.Next(Devices);
            var numbers = Enumerable.Range((int)from, (int)(to - from + 1)).Select(number => (long)number).Where(number => number % Devices == device).ToList();
            try
            {
                await store.DeleteAsync(new Deletion(StoreFixture.Tenant, new DeviceId($"d{device}"), null, from, to), default);
                _deleted.UnionWith(numbers);
            }
            catch (IOException)
            {
                _doubtful.UnionWith(numbers);
            }

            _acked.ExceptWith(numbers);
        }

        private void Account(TimeSeriesStore store)
        {
            var seen = new HashSet<long>();
            var altered = 0;
            var doubled = 0;
            foreach (var row in NumberedMessage.All(store, Devices))
            {
                var number = row.TimeNs;
                doubled += seen.Add(number) ? 0 : 1;
                altered += NumberedMessage.IsIntact(row, Devices) ? 0 : 1;
            }

            var missing = _acked.Where(number => !seen.Contains(number)).Order().ToList();
            var mark = store.HighWater("edge", "log") ?? 0;

            // A mark that is ahead of its messages would make the edge forget what is not here.
            var ahead = mark > 0 && !seen.Contains(mark) && !_deleted.Contains(mark) && !_doubtful.Contains(mark) ? 1 : 0;
            var risen = _deleted.Count(seen.Contains);
            var behind = mark < _mark ? 1 : 0;
            Faults += risen + missing.Count + altered + doubled + ahead + behind + (ignoresSync ? 0 : (int)store.Damaged);
            Verdict += $"[missing {missing.Count}{string.Concat(missing.Take(5).Select(number => $" #{number}"))}, risen {risen}, altered {altered}, doubled {doubled}, mark ahead {ahead}, behind {behind}, damaged {store.Damaged}] ";
            _acked.UnionWith(seen.Except(_doubtful));
        }
    }
}
