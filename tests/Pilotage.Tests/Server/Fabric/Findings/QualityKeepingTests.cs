using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core;
using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fabric.Findings;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Findings;

/// <summary>What is kept of the watch over a restart, and how many series it holds.</summary>
public sealed class QualityKeepingTests : IAsyncLifetime
{
    private const long Second = Signals.SecondNs;
    private static readonly TenantId Acme = new("acme");
    private readonly ManualTime _time = new(DateTimeOffset.FromUnixTimeSeconds(1_760_000_360));
    private readonly TestServerFolder _server;
    private readonly Random _random = new(3);

    public QualityKeepingTests() => _server = new TestServerFolder(_time);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void A_restart_keeps_what_was_learned_and_what_was_found()
    {
        using (var before = Watch())
        {
            Send(before, "p1", 0, 300, _ => 50 + Signals.Noise(_random));
            Send(before, "p1", 300, 60, _ => 51.25);
        }

        using var after = Watch();
        var kept = Assert.Single(after.Of(Acme, new DeviceId("p1")));
        Assert.Equal((20.0, 360, false), (kept.Score, kept.Points, kept.IsLearning));
        Assert.Equal((FindingKind.Stuck, true), (kept.Findings[0].Kind, kept.Findings[0].Facts.IsActive));

        // Points that came meanwhile were not seen, so the time between is no gap; and what varies again is not stuck any more.
        Send(after, "p1", 5_000, 20, _ => 50 + Signals.Noise(_random));
        var healed = Assert.Single(after.Of(Acme, new DeviceId("p1")));
        Assert.Equal([(FindingKind.Stuck, false)], healed.Findings.Select(finding => (finding.Kind, finding.Facts.IsActive)));
    }

    [Fact]
    public void It_is_kept_every_hour_too_and_not_when_nothing_came()
    {
        using var watch = Watch();
        Send(watch, "p1", 0, 10, i => i);
        var file = Path.Combine(_server.Path, QualityFile.Name);
        Assert.False(File.Exists(file));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(File.Exists(file));
        File.Delete(file);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.False(File.Exists(file));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(-1)]
    public void A_damaged_file_is_left_and_everything_learned_anew(int at)
    {
        using (var before = Watch())
        {
            Send(before, "p1", 0, 300, i => i);
        }

        var file = Path.Combine(_server.Path, QualityFile.Name);
        var bytes = File.ReadAllBytes(file);
        bytes[at < 0 ? bytes.Length + at : at] ^= 1;
        File.WriteAllBytes(file, bytes);
        using var after = Watch();
        Assert.Equal(0, after.Watched);
        Send(after, "p1", 0, 300, i => i);
        Assert.Equal(1, after.Watched);
    }

    [Fact]
    public void Those_seen_least_recently_make_room_and_not_more_than_once_a_second()
    {
        using var watch = Watch(seriesMax: 3);
        foreach (var device in (string[])["p1", "p2", "p3", "p1"])
        {
            Send(watch, device, 0, 1, _ => 1);
        }

        Send(watch, "p4", 0, 1, _ => 1);
        Assert.Equal([1, 0, 1, 1], Counts(watch));
        Send(watch, "p5", 0, 1, _ => 1);
        Assert.Equal([1, 0, 1, 1], Counts(watch));
        Assert.Equal((3, 1L, 1L), (watch.Watched, watch.Forgotten, watch.Skipped));
        _time.Advance(TimeSpan.FromSeconds(1));
        Send(watch, "p5", 1, 1, _ => 1);
        Assert.Equal([1, 0, 0, 1], Counts(watch));
        Assert.Single(watch.Of(Acme, new DeviceId("p5")));
    }

    [Fact]
    public void One_device_has_a_thousand_series_watched_at_most()
    {
        using var watch = Watch(seriesMax: 5_000);
        var batch = new PointBatch();
        for (var i = 0; i < 1_500; i++)
        {
            batch.Add(new SeriesKey(Acme, new DeviceId("p1"), $"a{i}"), 1, 1, Quality.Good, 1);
        }

        watch.Offer(batch);
        Assert.Equal(1_024, watch.Of(Acme, new DeviceId("p1")).Count);
    }

    [Fact]
    public void Text_and_results_of_models_are_not_watched_and_0_watches_nothing()
    {
        using var watch = Watch();
        var batch = new PointBatch();
        batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "state"), 1, SeriesValue.OfText("on"), Quality.Good, 1);
        batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "score@wear"), 1, SeriesValue.Of(1), Quality.Good, 1);
        batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "open"), 1, SeriesValue.OfTruth(true), Quality.Good, 1);
        watch.Offer(batch);
        Assert.Equal(["open"], watch.Of(Acme, new DeviceId("p1")).Select(series => series.Property));

        using var none = Watch(seriesMax: 0);
        Send(none, "p2", 0, 10, i => i);
        Assert.Equal((0, 0L), (none.Watched, none.Skipped));
    }

    private QualityWatch Watch(int seriesMax = 100) => new(
        new ServerOptions { DataFolder = _server.Path, QualitySeriesMax = seriesMax },
        _server.Get<DataFolder>(),
        _server.Get<IFleet>(),
        _server.Get<ThingBook>(),
        _server.Get<ContractBook>(),
        _time,
        _server.App.Services.GetRequiredService<IMeterFactory>(),
        NullLogger<QualityWatch>.Instance);

    private static List<int> Counts(QualityWatch watch) =>
        [.. ((string[])["p1", "p2", "p3", "p4"]).Select(device => watch.Of(Acme, new DeviceId(device)).Count)];

    private static void Send(QualityWatch watch, string device, int from, int points, Func<int, double> value)
    {
        var batch = new PointBatch();
        for (var i = from; i < from + points; i++)
        {
            batch.Add(new SeriesKey(Acme, new DeviceId(device), "a"), (1_760_000_000 + i) * Second, value(i), Quality.Good, (1_760_000_000 + i) * Second);
        }

        watch.Offer(batch);
        _ = watch.Of(Acme, new DeviceId(device));
    }
}
