using Pilotage.Core;
using Pilotage.Server.Fabric.Findings;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Findings;

public sealed class WaitingBatchesTests
{
    [Fact]
    public void What_does_not_fit_is_refused_and_the_next_one_says_that_something_was()
    {
        var waiting = new WaitingBatches(10);
        Assert.True(waiting.TryAdd(Batch(6)));
        Assert.False(waiting.TryAdd(Batch(5)));
        Assert.True(waiting.TryAdd(Batch(4)));

        Assert.True(waiting.TryTake(out var first, out var missed));
        Assert.Equal((6, true), (first.Count, missed));
        Assert.True(waiting.TryAdd(Batch(6)));
        Assert.True(waiting.TryTake(out var second, out missed));
        Assert.Equal((4, false), (second.Count, missed));
    }

    [Fact]
    public void A_batch_that_is_alone_is_taken_however_large()
    {
        var waiting = new WaitingBatches(10);
        Assert.True(waiting.TryAdd(Batch(50)));
        Assert.False(waiting.TryAdd(Batch(1)));
        Assert.True(waiting.TryTake(out _, out _));
        Assert.False(waiting.TryTake(out _, out _));
    }

    private static PointBatch Batch(int points)
    {
        var batch = new PointBatch();
        for (var i = 0; i < points; i++)
        {
            batch.Add(new SeriesKey(new TenantId("acme"), new DeviceId("p1"), "a"), i, i, Quality.Good, i);
        }

        return batch;
    }
}
