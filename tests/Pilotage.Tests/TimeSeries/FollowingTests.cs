using Pilotage.Core;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.TimeSeries;

/// <summary>What is stored is told in order of arrival to those who follow, and what they were not told is in the store under the same numbers.</summary>
public sealed class FollowingTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly StoreFixture _fixture = new() { Options = new TimeSeriesOptions { HeadPointsMax = 100, MergedSegments = 2 } };
    private TimeSeriesStore _store = null!;

    public Task InitializeAsync()
    {
        _store = _fixture.Open();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task Told_and_replayed_are_the_same_rows_under_the_same_numbers()
    {
        await AppendAsync(("p1", 1, "a", 1));
        using var follower = _store.Follow(pointsMax: 1_000);
        Assert.True(follower.IsBehind);
        Assert.Equal(2, follower.Rejoin());
        Assert.False(follower.IsBehind);
        await AppendAsync(("p1", 2, "a", 2), ("p2", 2, "a", 20));
        await AppendAsync(("p1", 2, "a", 2), ("p1", 2, "a", 3), ("p3", 1, "b", 5));

        // The row that was there already has no number; the one that replaces another has.
        Assert.Equal([(2, "p1", 2L, 2.0), (3, "p2", 2L, 20.0), (4, "p1", 2L, 3.0), (5, "p3", 1L, 5.0)], Told(follower));
        Assert.Equal(6, _store.NextArrival);
        Assert.Equal([(2, "p1", 2L, 2.0), (3, "p2", 2L, 20.0), (4, "p1", 2L, 3.0)], Replayed(2, 6, "p1", "p2"));
        Assert.Equal([(3, "p2", 2L, 20.0)], Replayed(3, 4, "p1", "p2"));
        Assert.Equal([(1, "p1", 1L, 1.0)], Replayed(0, 2, "p1", "p2"));
        Assert.Empty(Told(follower));
    }

    [Fact]
    public async Task A_follower_with_a_full_queue_is_behind_until_it_rejoins()
    {
        using var follower = _store.Follow(pointsMax: 3);
        follower.Rejoin();
        await AppendAsync(("p1", 1, "a", 1), ("p1", 2, "a", 2));
        await AppendAsync(("p1", 3, "a", 3), ("p1", 4, "a", 4));
        await AppendAsync(("p1", 5, "a", 5));
        Assert.True(follower.IsBehind);
        Assert.Equal([1, 2], Told(follower).Select(row => row.Arrival));
        Assert.Equal(6, follower.Rejoin());
        Assert.False(follower.IsBehind);
        await AppendAsync(("p1", 6, "a", 6));
        Assert.Equal([6], Told(follower).Select(row => row.Arrival));
        Assert.Equal([3, 4, 5], Replayed(3, 6, "p1").Select(row => row.Arrival));
    }

    [Fact]
    public async Task One_batch_larger_than_the_queue_is_told_whole()
    {
        using var follower = _store.Follow(pointsMax: 1);
        follower.Rejoin();
        await AppendAsync(("p1", 1, "a", 1), ("p1", 2, "a", 2), ("p1", 3, "a", 3));
        Assert.False(follower.IsBehind);
        Assert.Equal([1, 2, 3], Told(follower).Select(row => row.Arrival));
    }

    [Fact]
    public async Task Waiting_ends_when_something_is_stored_and_after_a_while_in_any_case()
    {
        using var follower = _store.Follow(pointsMax: 100);
        follower.Rejoin();
        await follower.WaitAsync(TimeSpan.Zero, default);
        var waiting = follower.WaitAsync(Timeout.InfiniteTimeSpan, default);
        Assert.False(waiting.IsCompleted);
        await AppendAsync(("p1", 1, "a", 1));
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(follower.TryTake(out _));
        using var stop = new CancellationTokenSource();
        waiting = follower.WaitAsync(Timeout.InfiniteTimeSpan, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Who_left_is_told_nothing()
    {
        var follower = _store.Follow(pointsMax: 100);
        follower.Rejoin();
        follower.Dispose();
        await AppendAsync(("p1", 1, "a", 1));
        Assert.False(follower.TryTake(out _));
    }

    [Fact]
    public async Task Numbers_stay_over_seals_merges_and_starts()
    {
        // Heads of a hundred points: most rows are in segments by the end, and most of those were merged.
        var random = new Random(31);
        using (var follower = _store.Follow(pointsMax: 1_000_000))
        {
            follower.Rejoin();
            for (var i = 0; i < 3_000; i++)
            {
                await AppendAsync(($"p{random.Next(3)}", random.Next(4_000), random.Next(2) == 0 ? "a" : "b", random.Next(5)));
            }

            var told = Told(follower);
            await _store.DisposeAsync();
            _store = _fixture.Open();
            for (var from = 0; from < 3_000; from += 137)
            {
                var expected = told.Where(row => row.Arrival >= from && row.Arrival < from + 411 && row.Device != "p2").ToList();
                Assert.Equal(expected, Replayed(from, from + 411, "p0", "p1"));
            }
        }
    }

    private async Task AppendAsync(params (string Device, long Second, string Property, double Value)[] points)
    {
        var batch = new PointBatch { ReceivedNs = 1 };
        foreach (var (device, second, property, value) in points)
        {
            batch.AddRow(Acme, new DeviceId(device), second, 0, [property], [value], Quality.Good);
        }

        await _store.AppendAsync(batch, null, default);
    }

    private static List<(long Arrival, string Device, long TimeNs, double Value)> Told(StoreFollower follower)
    {
        var told = new List<(long, string, long, double)>();
        while (follower.TryTake(out var batch))
        {
            for (var i = 0; i < batch.RowCount; i++)
            {
                if (batch.ArrivalOf(i) > 0)
                {
                    var row = batch.Row(i);
                    told.Add((batch.ArrivalOf(i), row.Device.Value, row.TimeNs, row.NumberAt(0)));
                }
            }
        }

        return told;
    }

    private List<(long Arrival, string Device, long TimeNs, double Value)> Replayed(long from, long before, params string[] devices) =>
        [.. _store.ReplayArrived(Acme, [.. devices.Select(device => new DeviceId(device))], ["a", "b"], from, before)
            .Select(row => (row.Arrival, row.Device.Value, row.TimeNs, (row.Values[0] ?? row.Values[1])!.Value.Number))];
}
