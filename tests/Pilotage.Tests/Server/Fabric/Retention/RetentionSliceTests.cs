using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Retention;

/// <summary>More devices than deletions may hide points at once: they go in slices, and the store gives back between them what they hide.</summary>
public sealed class RetentionSliceTests : IAsyncLifetime
{
    private const int Devices = 41;
    private const int DeletionsMax = 6;
    private const int Slice = DeletionsMax / 2;
    private const long Hour = 3_600_000_000_000;
    private static readonly TenantId Acme = new("acme");
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly long NowNs = (Now - DateTimeOffset.UnixEpoch).Ticks * 100;
    private readonly ManualTime _time = new(Now);
    private readonly InlineScheduler _sealer = new();
    private readonly SimulatedDisk _disk = new(new Random(1));
    private readonly TestServerFolder _server;
    private bool _hasRoom = true;

    public RetentionSliceTests() => _server = new TestServerFolder(_time);

    public Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [.. Enumerable.Range(0, Devices).Select(i => new DeviceDeclaration($"acme/lyon/p{i:00}", "pump") { Id = new DeviceId($"p{i:00}") })]);
        Assert.True(_server.Get<RetentionBook>().Put(new RetentionRule(Acme, "all", null, null, null, 24 * Hour, null, null, "p", 0), onlyNew: true).IsOk);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(100)]
    [InlineData(1_000_000)]
    public async Task A_sweep_waits_after_each_slice_until_no_more_hide_points_than_may(int headPointsMax)
    {
        await using var store = Open(headPointsMax);
        await FillAsync(store);
        _sealer.Hold();
        await using var sweep = SweepOf(store);
        var sweeping = sweep.SweepAsync(null, force: false, default);

        // Nothing is written anew while the sealer is held, not even when the store is closed.
        var (isOver, hiding) = (sweeping.IsCompleted, store.HidingDeletions);
        _sealer.Release();
        var state = await sweeping;
        Assert.False(isOver);
        Assert.InRange(hiding, DeletionsMax + 1, DeletionsMax + Slice);
        Assert.Equal((null, null, (long)Devices), (state.Waits, state.Failed, state.Cuts.Sum(cut => cut.Series)));
        Assert.InRange(store.HidingDeletions, 0, DeletionsMax);
        Assert.All(Enumerable.Range(0, Devices), device => Assert.Equal(24, Left(store, device)));
    }

    [Fact]
    public async Task Where_nothing_can_be_given_back_one_slice_goes_and_the_next_sweep_goes_on()
    {
        await using var store = Open(100);
        await FillAsync(store);
        _hasRoom = false;
        await using var sweep = SweepOf(store);
        var (gone, sweeps) = (0L, 0);
        string? waits;
        do
        {
            var state = await sweep.SweepAsync(null, force: false, default);
            waits = state.Waits;
            Assert.True(waits is null || waits.Contains("devices were looked through; the others wait until what was deleted gives its space back", StringComparison.Ordinal), waits);
            gone += state.Cuts.Sum(cut => cut.Series);
            sweeps++;
            if (sweeps == 2)
            {
                Assert.InRange(gone, 1, Devices - 1);
                _hasRoom = true;
            }
        }
        while (waits is not null);
        Assert.True(sweeps == 3 && gone == Devices, $"{gone} series in {sweeps} sweeps");
        Assert.All(Enumerable.Range(0, Devices), device => Assert.Equal(24, Left(store, device)));
    }

    private TimeSeriesStore Open(int headPointsMax) => TimeSeriesStore.Open(
        _disk.Root,
        new TimeSeriesOptions
        {
            HeadPointsMax = headPointsMax, BlockRowsMax = 16, LogSegmentBytes = 16 * 1024, MergedSegments = 64, PurgedShare = 1, TombstonesMax = DeletionsMax,
            HasRoomFor = _ => _hasRoom, Writer = new InlineScheduler(), Sealer = _sealer,
        },
        _time);

    private RetentionSweep SweepOf(TimeSeriesStore store) => new(
        _server.Get<RetentionBook>(), _server.Get<RetentionStore>(), store, new RollUps(store, _server.Get<RetentionStore>()), _server.Get<IFleet>(), _time, _server.Get<IMeterFactory>(),
        NullLogger<RetentionSweep>.Instance);

    /// <summary>Two days of hours of every device, as they would come.</summary>
    private static async Task FillAsync(TimeSeriesStore store)
    {
        for (var hour = -48; hour < 0; hour++)
        {
            var batch = new PointBatch();
            for (var device = 0; device < Devices; device++)
            {
                batch.AddRow(Acme, new DeviceId($"p{device:00}"), NowNs + (hour * Hour), 0, ["load"], [device + hour], Quality.Good);
            }

            await store.AppendAsync(batch, null, default);
        }
    }

    private static int Left(TimeSeriesStore store, int device) => store.Read(new SeriesKey(Acme, new DeviceId($"p{device:00}"), "load"), long.MinValue, long.MaxValue).Count();
}
