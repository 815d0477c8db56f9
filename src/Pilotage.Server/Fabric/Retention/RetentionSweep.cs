using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Retention;

/// <summary>Follows the rules of retention, device by device beside ingest: sums up what outlives the points, then deletes them.</summary>
/// <remarks>
/// Windows are on disk before it is noted that they were made, and that is on disk before the points go: a crash anywhere makes the same windows of
/// the same points again, or finds the points still to be deleted. A clock that went on by more than two days since the last sweep is not believed
/// until it has gone on a day more, for by then somebody may have noticed. Each device takes a deletion of the store, which bounds how many hide
/// points at once; so many devices go in slices, and the store gives back between them what they hide.
/// </remarks>
internal sealed partial class RetentionSweep : IHostedService, IAsyncDisposable
{
    private const int BatchPointsMax = 50_000;
    private const int CountedMax = 100_000;
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan JumpMax = TimeSpan.FromDays(2);
    private static readonly TimeSpan BelievedAfter = TimeSpan.FromDays(1);
    private readonly RetentionBook _rules;
    private readonly RetentionStore _catalogue;
    private readonly TimeSeriesStore _store;
    private readonly RollUps _rollUps;
    private readonly IFleet _fleet;
    private readonly TimeProvider _time;
    private readonly ILogger<RetentionSweep> _logger;
    private readonly SemaphoreSlim _sweeping = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Counter<long> _sweeps;
    private readonly Counter<long> _cut;
    private readonly Counter<long> _windows;
    private ITimer? _timer;
    private Task _running = Task.CompletedTask;
    private long? _jumpSeen;
    private SweepState _state;

    public RetentionSweep(RetentionBook rules, RetentionStore catalogue, TimeSeriesStore store, RollUps rollUps, IFleet fleet, TimeProvider time, IMeterFactory meters, ILogger<RetentionSweep> logger)
    {
        (_rules, _catalogue, _store, _rollUps, _fleet, _time, _logger) = (rules, catalogue, store, rollUps, fleet, time, logger);
        _state = new(catalogue.LastSweepNs(), null, null, [], []);
        var meter = meters.Create("Pilotage.Server");
        _sweeps = meter.CreateCounter<long>("pilotage.retention.sweeps", "{sweep}", "Times that the rules of retention were followed, by result: done, waiting (the clock jumped), failed.");
        _cut = meter.CreateCounter<long>("pilotage.retention.series.cut", "{series}", "Times that old points of a series were deleted by a rule of retention.");
        _windows = meter.CreateCounter<long>("pilotage.retention.windows", "{window}", "Windows that points were summed up to before they were deleted by a rule of retention.");
        foreach (var result in (string[])["done", "waiting", "failed"])
        {
            _sweeps.Add(0, new KeyValuePair<string, object?>("result", result));
        }

        _cut.Add(0);
        _windows.Add(0);
    }

    /// <summary>How the last sweep went; times are of the server.</summary>
    public SweepState State => Volatile.Read(ref _state);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = _time.CreateTimer(_ => Begin(), null, Interval, Interval);
        return Task.CompletedTask;
    }

    /// <summary>What the timer began last.</summary>
    internal Task Running => _running;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }

        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public ValueTask DisposeAsync()
    {
        _stopping.Dispose();
        _sweeping.Dispose();
        return _timer?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    /// <summary>Follows the rules now; one sweep at a time.</summary>
    /// <param name="tenant">Whose rules; null for all.</param>
    /// <param name="force">Whether a clock that jumped is believed.</param>
    /// <param name="cancellation">Ends it between two devices.</param>
    public async Task<SweepState> SweepAsync(TenantId? tenant, bool force, CancellationToken cancellation)
    {
        await _sweeping.WaitAsync(cancellation);
        try
        {
            var nowNs = _time.NowNs();
            if (!force && WhyNotYet(nowNs) is { } why)
            {
                Log.Waits(_logger, why);
                return Ended("waiting", State with { Waits = why });
            }

            _jumpSeen = null;
            _catalogue.Swept(nowNs);
            var cut = new SweepCount();
            var waits = await CutAsync(Governed(tenant is { } one ? _rules.Of(one) : _rules.All), nowNs, cut, cancellation);
            RuleCut[] cuts = [.. cut.Cuts.Select(one => one with { AtNs = nowNs })];
            return Ended(
                waits is null ? "done" : "waiting",
                new SweepState(nowNs, waits, null, [.. State.Cuts.Where(before => tenant is not null && before.Tenant != tenant), .. cuts], LastOf(cuts)));
        }
        catch (Exception failure) when (failure is IOException or SqliteException or InvalidOperationException)
        {
            Log.Failed(_logger, failure);
            return Ended("failed", State with { Failed = failure.Message });
        }
        finally
        {
            _sweeping.Release();
        }
    }

    /// <summary>A sweep that takes more than an hour is not joined by another, which would wait for it and find nothing.</summary>
    private void Begin()
    {
        if (_running.IsCompleted)
        {
            _running = SweepAsync(null, force: false, _stopping.Token);
        }
    }

    /// <summary>Series of which a sweep would delete points, were these the rules. Few points are counted one by one; of many, blocks that go on beyond the floor count whole.</summary>
    public IEnumerable<ExpiredSeries> Expired(IReadOnlyList<RetentionRule> rules, long nowNs) => Governed(rules).SelectMany(each => Expired(each.Device, each.Rules, nowNs)).Select(Counted);

    /// <summary>Windows that the next sweep would delete for their age, were these the rules: those that are there, and those that it would make of points as old.</summary>
    public long WindowsGone(IReadOnlyList<RetentionRule> rules, IEnumerable<ExpiredSeries> expired, long nowNs) =>
        Governed(rules).Sum(each => _rollUps.CountOf(OldWindows(each.Device, each.Rules, nowNs).Select(old => old.Deletion))) + expired.Sum(series => MadeTooOld(series, nowNs));

    /// <summary>Whether no window is left of the points of a series that would go: the rule makes none, or all that it makes are too old.</summary>
    public bool LeavesNothing(ExpiredSeries series, long nowNs) => series.IsText || series.Rule.RollUpNs is null
        || (series.Rule.RollUpFloorAt(nowNs) is { } floorNs && !_store.Read(series.Key, floorNs, series.FloorNs - 1).Any());

    private long MadeTooOld(ExpiredSeries series, long nowNs) => !series.IsText && series.Rule.RollUpNs is { } windowNs && series.Rule.RollUpFloorAt(nowNs) is { } floorNs && series.OldestNs < floorNs
        ? _store.Aggregate(series.Key, _rollUps.FloorOf(series.Key) ?? long.MinValue, Math.Min(floorNs, series.FloorNs), windowNs, withEnds: false).LongCount()
        : 0;

    /// <summary>Why a rule governs nothing now, as one with a mistyped name does; null where it governs a series.</summary>
    public string? WhyIdle(RetentionRule rule)
    {
        var devices = _fleet.List(rule.Tenant, new DeviceQuery { PathPattern = rule.Path, Thing = rule.Thing });
        return devices.Count == 0 ? "it governs nothing now: no device is of that path and thing type"
            : devices.Any(device => rule.Property is { } property ? _store.KindOf(new SeriesKey(device.Tenant, device.Id, property)) is not null : _store.Series(device.Tenant, device.Id).Count > 0) ? null
            : $"it governs nothing now: of {devices.Count} devices none has a series{(rule.Property is null ? "" : $" \"{rule.Property}\"")}";
    }

    /// <summary>What went last by each rule that there is: that of now, else that of an earlier sweep, for most sweeps find nothing.</summary>
    private List<RuleCut> LastOf(RuleCut[] now) => [.. now, .. State.Found.Where(before =>
        !now.Any(cut => cut.Tenant == before.Tenant && cut.Rule == before.Rule) && _rules.All.Any(rule => rule.Tenant == before.Tenant && rule.Name == before.Rule))];

    private ExpiredSeries Counted(ExpiredSeries series) =>
        series.Points > CountedMax ? series : series with { Points = _store.ReadTyped(series.Key, long.MinValue, series.FloorNs - 1).LongCount() };

    private SweepState Ended(string result, SweepState state)
    {
        _sweeps.Add(1, new KeyValuePair<string, object?>("result", result));
        Volatile.Write(ref _state, state);
        return state;
    }

    /// <summary>Why the clock is not believed; null where it is.</summary>
    private string? WhyNotYet(long nowNs)
    {
        if (_catalogue.LastSweepNs() is not { } lastNs || nowNs - lastNs <= JumpMax.Ticks * TimeSpan.NanosecondsPerTick)
        {
            _jumpSeen = null;
            return null;
        }

        _jumpSeen ??= _time.GetTimestamp();
        var left = BelievedAfter - _time.GetElapsedTime(_jumpSeen.Value);
        var ahead = TimeSpan.FromTicks((nowNs - lastNs) / TimeSpan.NanosecondsPerTick);
        return left <= TimeSpan.Zero
            ? null
            : FormattableString.Invariant($"the clock stands {ahead.TotalDays:0.#} days after the last sweep; if it is right, nothing need be done, and points go in {Math.Ceiling(left.TotalHours)} h, ")
                + "or at once by: pilotage retention sweep --now";
    }

    /// <summary>The devices that a rule governs, each with all of its rules.</summary>
    private List<(Device Device, List<RetentionRule> Rules)> Governed(IReadOnlyList<RetentionRule> rules)
    {
        var governed = new Dictionary<(TenantId, DeviceId), (Device Device, List<RetentionRule> Rules)>();
        foreach (var rule in rules)
        {
            foreach (var device in _fleet.List(rule.Tenant, new DeviceQuery { PathPattern = rule.Path, Thing = rule.Thing }))
            {
                if (!governed.TryGetValue((device.Tenant, device.Id), out var known))
                {
                    governed.Add((device.Tenant, device.Id), known = (device, []));
                }

                known.Rules.Add(rule);
            }
        }

        return [.. governed.Values];
    }

    private IEnumerable<ExpiredSeries> Expired(Device device, List<RetentionRule> rules, long nowNs)
    {
        foreach (var key in _store.Series(device.Tenant, device.Id))
        {
            if (RetentionBook.Holding(rules, key.Property) is { } rule && rule.FloorAt(nowNs) is var floorNs && _store.PointsTouched(key, long.MinValue, floorNs - 1) is > 0 and var points
                && _store.Read(key, long.MinValue, floorNs - 1).Select(point => (long?)point.TimeNs).FirstOrDefault() is { } oldestNs)
            {
                yield return new ExpiredSeries(key, rule, floorNs, points, oldestNs, _store.KindOf(key) >= SeriesKind.Text);
            }
        }
    }

    /// <summary>Device by device, in slices between which the store gives back what they hide; why it is not at its end, null where it is.</summary>
    private async Task<string?> CutAsync(List<(Device Device, List<RetentionRule> Rules)> governed, long nowNs, SweepCount cut, CancellationToken cancellation)
    {
        // Half of what may hide points at all, so that others may delete meanwhile.
        var (sliceMax, slice, done) = (Math.Max(_store.DeletionsMax / 2, 1), 0, 0);
        foreach (var (device, rules) in governed)
        {
            slice += await CutAsync(device, rules, nowNs, cut, cancellation);
            done++;
            if (slice < sliceMax)
            {
                continue;
            }

            slice = 0;
            if (!await _store.CompactDeletionsAsync(cancellation) && done < governed.Count)
            {
                Log.Unfinished(_logger, done, governed.Count);
                return FormattableString.Invariant($"{done} of {governed.Count} devices were looked through; the others wait until what was deleted gives its space back, ")
                    + "and are tried again within the hour: see that the disk has room, and pilotage store check";
            }
        }

        return null;
    }

    /// <summary>Deletes what is too old of a device; by how many deletions.</summary>
    private async Task<int> CutAsync(Device device, List<RetentionRule> rules, long nowNs, SweepCount cut, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var deletions = 0;
        foreach (var group in Expired(device, rules, nowNs).Select(Counted).ToList().GroupBy(series => series.Rule))
        {
            var (rule, series) = (group.Key, group.ToList());
            var windows = rule.RollUpNs is { } windowNs ? await SumUpAsync(device, series, windowNs, nowNs, cancellation) : 0;
            await _store.DeleteAsync(new Deletion(device.Tenant, device.Id, [.. series.Select(each => each.Key.Property)], long.MinValue, series[0].FloorNs - 1), cancellation);
            cut.Add(rule, series.Count, series.Sum(each => each.Points), windows, 0);
            _cut.Add(series.Count);
            deletions++;
        }

        return deletions + await CutWindowsAsync(device, rules, nowNs, cut, cancellation);
    }

    /// <summary>Sums points up; to how many windows.</summary>
    private async Task<long> SumUpAsync(Device device, List<ExpiredSeries> series, long windowNs, long nowNs, CancellationToken cancellation)
    {
        var (batch, made) = (new PointBatch { ReceivedNs = nowNs }, 0L);
        foreach (var (key, _, floorNs, _, _, _) in series.Where(each => !each.IsText))
        {
            var windows = _store.Aggregate(key, _rollUps.FloorOf(key) ?? long.MinValue, floorNs, windowNs, withEnds: false);
            foreach (var some in windows.Chunk(BatchPointsMax))
            {
                RollUps.Add(batch, key, windowNs, some, nowNs);
                _windows.Add(some.Length);
                made += some.Length;
                if (batch.Count >= BatchPointsMax)
                {
                    await _store.AppendAsync(batch, null, cancellation);
                    batch = new PointBatch { ReceivedNs = nowNs };
                }
            }
        }

        if (batch.Count > 0)
        {
            await _store.AppendAsync(batch, null, cancellation);
        }

        // From here on windows answer for what is before the floor, and points that are still there do no more.
        _catalogue.Raise(device.Tenant, device.Id, series.Select(each => each.Key.Property), series[0].FloorNs);
        series.ForEach(each => _rollUps.Raise(each.Key, each.FloorNs));
        return made;
    }

    /// <summary>Windows go by the rule that holds for their property now; by how many deletions.</summary>
    private async Task<int> CutWindowsAsync(Device device, List<RetentionRule> rules, long nowNs, SweepCount cut, CancellationToken cancellation)
    {
        var old = OldWindows(device, rules, nowNs).ToList();
        foreach (var (rule, deletion) in old)
        {
            cut.Add(rule, 0, 0, 0, _rollUps.CountOf([deletion]));
            await _store.DeleteAsync(deletion, cancellation);
        }

        return old.Count;
    }

    /// <summary>Windows of a device that are too old themselves, rule by rule.</summary>
    private IEnumerable<(RetentionRule Rule, Deletion Deletion)> OldWindows(Device device, List<RetentionRule> rules, long nowNs) => _store.Series(RollUps.TenantOf(device.Tenant), device.Id)
        .Select(key => (Key: key, Rule: RetentionBook.Holding(rules, RollUps.PropertyOf(key.Property))))
        .Where(each => each.Rule?.RollUpFloorAt(nowNs) is { } floorNs && _store.PointsTouched(each.Key, long.MinValue, floorNs - 1) > 0 && _store.Read(each.Key, long.MinValue, floorNs - 1).Any())
        .GroupBy(each => each.Rule!)
        .Select(group => (group.Key, new Deletion(RollUps.TenantOf(device.Tenant), device.Id, [.. group.Select(each => each.Key.Property)], long.MinValue, group.Key.RollUpFloorAt(nowNs)!.Value - 1)));

    /// <summary>How the last sweep went.</summary>
    /// <param name="LastNs">When; null before the first.</param>
    /// <param name="Waits">Why the next waits; null where it does not.</param>
    /// <param name="Failed">Why it ended too early; null where it did not.</param>
    /// <param name="Cuts">What went since the start with the last sweep of each tenant, rule by rule; rules by which nothing went are not among them.</param>
    /// <param name="Found">What went since the start with the last sweep of each rule that found something.</param>
    internal sealed record SweepState(long? LastNs, string? Waits, string? Failed, IReadOnlyList<RuleCut> Cuts, IReadOnlyList<RuleCut> Found);

    /// <summary>A series with points that are too old.</summary>
    /// <param name="Points">About how many: those of every block that begins before the floor.</param>
    /// <param name="IsText">Whether it holds text or JSON, of which no window is left.</param>
    internal sealed record ExpiredSeries(SeriesKey Key, RetentionRule Rule, long FloorNs, long Points, long OldestNs, bool IsText);

    private static partial class Log
    {
        [LoggerMessage(3161, LogLevel.Warning, "Points are not deleted by rules of retention yet: {Why}.")]
        public static partial void Waits(ILogger logger, string why);

        [LoggerMessage(3163, LogLevel.Warning, "{Done} of {All} devices were looked through by rules of retention; the others wait until what was deleted gives its space back.")]
        public static partial void Unfinished(ILogger logger, int done, int all);

        [LoggerMessage(3162, LogLevel.Error, "The rules of retention could not be followed; it is tried again in an hour.")]
        public static partial void Failed(ILogger logger, Exception failure);
    }
}
