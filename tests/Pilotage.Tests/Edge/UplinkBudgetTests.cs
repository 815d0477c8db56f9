using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Edge;
using Pilotage.Edge.Link;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Edge;

public sealed class UplinkBudgetTests
{
    private const int PerDay = 1_000_000;
    private const int Batch = 100_000 - 128;
    private readonly SimulatedDisk _disk = new(new Random(1));
    private readonly ManualTime _time = new(new DateTimeOffset(2026, 3, 1, 22, 30, 0, TimeSpan.Zero));
    private readonly List<ForwardedMessage> _told = [];

    [Fact]
    public async Task What_is_beyond_the_day_waits_for_the_next_and_what_is_urgent_does_not()
    {
        var budget = Open();
        for (var i = 0; i < 10; i++)
        {
            await TakeAtOnceAsync(budget, isUrgent: false);
        }

        Assert.Equal(PerDay, budget.UsedToday);
        var waiting = budget.TakeAsync(Batch, isUrgent: false, CancellationToken.None).AsTask();
        await TakeAtOnceAsync(budget, isUrgent: true);
        Assert.Equal(new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.Zero), await WhenAsync(waiting));
        Assert.Equal(100_000, budget.UsedToday);
    }

    [Fact]
    public async Task A_restart_does_not_give_the_day_anew()
    {
        for (var i = 0; i < 10; i++)
        {
            await TakeAtOnceAsync(Open(), isUrgent: i % 2 == 0);
            _disk.Cut();
        }

        Assert.Equal(PerDay, Open().UsedToday);
        Assert.False(Open().TakeAsync(Batch, isUrgent: false, CancellationToken.None).AsTask().IsCompleted);
    }

    [Fact]
    public async Task That_the_day_is_used_up_is_an_event_of_the_edge_once_a_day()
    {
        var budget = Open();
        await TakeAtOnceAsync(budget, isUrgent: false, 10 * Batch);
        for (var day = 2; day < 4; day++)
        {
            await WhenAsync(budget.TakeAsync(Batch, isUrgent: false, CancellationToken.None).AsTask());
            await TakeAtOnceAsync(budget, isUrgent: true, 10 * Batch);
        }

        Assert.Equal(2, _told.Count);
        Assert.Equal("acme/s/edge-1/_event/uplink.used_up", _told[0].Topic);
        using var first = JsonDocument.Parse(_told[0].Payload);
        Assert.Equal((PerDay, "2026-03-01T22:30:00Z"), (first.RootElement.GetProperty("data").GetProperty("bytesPerDay").GetInt32(), first.RootElement.GetProperty("time").GetString()));
        Assert.Equal(2, _told.Select(message => JsonDocument.Parse(message.Payload).RootElement.GetProperty("id").GetString()).Distinct().Count());
    }

    [Fact]
    public async Task A_disk_without_room_does_not_stop_the_link_and_the_day_is_counted_on()
    {
        var budget = Open();
        _disk.CapacityBytes = 0;
        for (var i = 0; i < 10; i++)
        {
            await TakeAtOnceAsync(budget, isUrgent: false);
        }

        Assert.Equal(PerDay, budget.UsedToday);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_for_years_begins_a_day_and_does_not_stop_the_link()
    {
        var budget = Open();
        await TakeAtOnceAsync(budget, isUrgent: false, 10 * Batch);
        _time.Jump(new DateTimeOffset(1970, 1, 1, 0, 0, 0, TimeSpan.Zero));

        await TakeAtOnceAsync(budget, isUrgent: false);
    }

    [Fact]
    public async Task A_bound_a_second_spreads_telemetry_and_lets_urgent_batches_through()
    {
        var budget = new UplinkBudget(_disk.Root, Options() with { UplinkBytesPerDay = 0, UplinkBytesPerSecond = 10_000 }, "acme/s/edge-1", TellAsync, _time, NullLogger.Instance);
        var began = _time.GetUtcNow();
        for (var i = 0; i < 6; i++)
        {
            var taking = budget.TakeAsync(Batch, isUrgent: false, CancellationToken.None).AsTask();
            await TakeAtOnceAsync(budget, isUrgent: true);
            await WhenAsync(taking);
        }

        Assert.Equal(TimeSpan.FromSeconds(60), _time.GetUtcNow() - began);
    }

    /// <summary>A link without bounds.</summary>
    internal static UplinkBudget Unbounded(TimeProvider time) =>
        new(new SimulatedDisk(new Random(1)).Root, Options() with { UplinkBytesPerDay = 0 }, "acme/s/edge-1", _ => default, time, NullLogger.Instance);

    private static EdgeOptions Options() =>
        new() { DataPath = "", Server = new Uri("http://127.0.0.1"), Mqtts = new DnsEndPoint("127.0.0.1", 1), UplinkBytesPerDay = PerDay };

    private static async Task TakeAtOnceAsync(UplinkBudget budget, bool isUrgent, int bytes = Batch)
    {
        var taking = budget.TakeAsync(bytes, isUrgent, CancellationToken.None).AsTask();
        Assert.True(taking.IsCompleted);
        await taking;
    }

    /// <summary>The time at which a task completes, to the second.</summary>
    private async Task<DateTimeOffset> WhenAsync(Task task)
    {
        for (var i = 0; i < 100_000 && !task.IsCompleted; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));

            // What the last second woke goes on on a thread of the pool: it has ended by then, or waits again.
            Assert.True(SpinWait.SpinUntil(() => task.IsCompleted || _time.ArmedTimers > 0, TimeSpan.FromSeconds(30)));
        }

        await task;
        return _time.GetUtcNow();
    }

    private UplinkBudget Open() => new(_disk.Root, Options(), "acme/s/edge-1", TellAsync, _time, NullLogger.Instance);

    private ValueTask TellAsync(ForwardedMessage message)
    {
        _told.Add(message);
        return default;
    }
}
