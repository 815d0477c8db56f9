using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Durability;
using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Findings;

/// <summary>Looks at every batch once it is committed, in the order of commits, beside ingest and never in its way.</summary>
/// <remarks>
/// Batches wait in a queue that is bounded by points; what finds it full is skipped and counted. Whoever asks looks at what waits first,
/// so an answer knows all that was acknowledged. What was learned is kept on disk from time to time and at the end.
/// </remarks>
internal sealed partial class QualityWatch : IThreadPoolWorkItem, IDisposable
{
    /// <summary>Most points that wait to be looked at: some milliseconds of work.</summary>
    public const int WaitingMax = 500_000;

    private static readonly TimeSpan KeepInterval = TimeSpan.FromHours(1);
    private readonly WaitingBatches _waiting = new(WaitingMax);
    private readonly DataFolder _folder;
    private readonly TimeProvider _time;
    private readonly ILogger<QualityWatch> _logger;
    private readonly SeriesTracks _tracks;
    private readonly WatchedSeries _series;
    private readonly ITimer _keeping;
    private readonly Counter<long> _skipped;
    private readonly Counter<long> _findings;

    // Held while batches are looked at and while somebody reads what was found.
    private readonly Lock _gate = new();

    // Held, before the other one, while the file is written.
    private readonly Lock _keepingGate = new();
    private long _keptAt;
    private long _batches;
    private long _skippedPoints;
    private int _isScheduled;
    private bool _isClosed;

    public QualityWatch(ServerOptions options, DataFolder folder, IFleet fleet, ThingBook things, ContractBook contracts, TimeProvider time, IMeterFactory meters, ILogger<QualityWatch> logger)
    {
        (_folder, _time, _logger) = (folder, time, logger);
        var meter = meters.Create("Pilotage.Server");
        _skipped = meter.CreateCounter<long>("pilotage.quality.points.skipped", "{point}", "Points whose quality was not looked at, by cause: busy, unwatched (beyond the number of series that are watched).");
        _findings = meter.CreateCounter<long>("pilotage.quality.findings", "{finding}", "Findings about the quality of series that began or happened, by kind.");
        _tracks = new SeriesTracks { Found = kind => _findings.Add(1, new KeyValuePair<string, object?>("kind", FindingKinds.NameOf(kind))) };
        _series = new WatchedSeries(options.QualitySeriesMax, fleet, things, contracts, _tracks);
        SeriesMax = options.QualitySeriesMax;
        Skip(0, "busy");
        Skip(0, "unwatched");
        foreach (var kind in FindingKinds.All)
        {
            _findings.Add(0, new KeyValuePair<string, object?>("kind", FindingKinds.NameOf(kind)));
        }

        meter.CreateObservableGauge("pilotage.quality.series.watched", () => Watched, "{series}", "Series whose quality is watched.");
        meter.CreateObservableCounter("pilotage.quality.series.forgotten", () => Forgotten, "{series}", "Series whose quality is watched no more, because others came later.");
        if (!QualityFile.TryRead(folder.Files, options.QualitySeriesMax, _tracks, _series, out var why))
        {
            Log.NotTakenOver(_logger, why);
        }

        _keeping = time.CreateTimer(_ => Keep(), null, KeepInterval, KeepInterval);
    }

    /// <summary>Most series that are watched.</summary>
    public int SeriesMax { get; }

    public int Watched
    {
        get
        {
            lock (_gate)
            {
                return _tracks.Count;
            }
        }
    }

    public long Forgotten
    {
        get
        {
            lock (_gate)
            {
                return _series.Forgotten;
            }
        }
    }

    /// <summary>Points that were skipped since the start.</summary>
    public long Skipped => Interlocked.Read(ref _skippedPoints);

    /// <summary>Takes a batch that was committed; returns at once.</summary>
    public void Offer(PointBatch batch)
    {
        if (SeriesMax == 0 || batch.Count == 0)
        {
            return;
        }

        if (!_waiting.TryAdd(batch))
        {
            Skip(batch.Count, "busy");
            return;
        }

        if (Interlocked.Exchange(ref _isScheduled, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Looks at what waits.</summary>
    public void Execute()
    {
        // Said first: what is offered from here on is looked at by this or by the next one.
        Volatile.Write(ref _isScheduled, 0);
        lock (_gate)
        {
            CatchUp();
        }
    }

    /// <summary>The watched series of a device, all or one of them, in order of their names.</summary>
    public IReadOnlyList<SeriesQuality> Of(TenantId tenant, DeviceId device, string? property = null)
    {
        lock (_gate)
        {
            CatchUp();
            var nowNs = _time.NowNs();
            return _series.Find(tenant, device) is not { } watched ? []
                : [.. watched.Slots.Where(pair => property is null || pair.Key == property).OrderBy(pair => pair.Key, StringComparer.Ordinal)
                    .Select(pair => View(watched, pair.Key, pair.Value, nowNs))];
        }
    }

    /// <summary>The scores of a device's series by property, of some kinds of findings alone.</summary>
    public Dictionary<string, double> ScoresOf(TenantId tenant, DeviceId device, Func<FindingKind, bool> counts)
    {
        lock (_gate)
        {
            CatchUp();
            var nowNs = _time.NowNs();
            return _series.Find(tenant, device)?.Slots.ToDictionary(
                pair => pair.Key, pair => QualityScore.Of(_tracks.FindingsOf(pair.Value), _tracks.PulseOf(pair.Value), nowNs, counts), StringComparer.Ordinal) ?? [];
        }
    }

    public void Dispose()
    {
        _keeping.Dispose();
        Keep();
        lock (_gate)
        {
            _isClosed = true;
        }
    }

    /// <summary>In the order of commits: whoever holds the gate takes the next one.</summary>
    private void CatchUp()
    {
        var nowNs = _time.NowNs();
        while (!_isClosed && _waiting.TryTake(out var batch, out var missed))
        {
            if (missed)
            {
                _tracks.Resume();
            }

            Look(batch, nowNs);
        }
    }

    private void Look(PointBatch batch, long nowNs)
    {
        _batches++;
        var unwatched = 0;
        for (var i = 0; i < batch.RowCount; i++)
        {
            var row = RowReading.Of(batch, i);
            if (_series.Of(row, _batches, nowNs) is not { } layout)
            {
                unwatched += row.Properties.Length;
                continue;
            }

            var slots = layout.Slots;
            for (var column = 0; column < slots.Length; column++)
            {
                if (slots[column] >= 0)
                {
                    _tracks.Take(slots[column], row.TimeNs, row.EdgeNs, row.NumberAt(column), nowNs);
                }
            }
        }

        if (unwatched > 0)
        {
            Skip(unwatched, "unwatched");
        }
    }

    private SeriesQuality View(WatchedDevice device, string property, int slot, long nowNs)
    {
        ref readonly var pulse = ref _tracks.PulseOf(slot);
        var findings = _tracks.FindingsOf(slot);
        return new SeriesQuality(
            device.Tenant, device.Id, property, QualityScore.Of(findings, pulse, nowNs, _ => true), pulse.Seen, pulse.Seen < SeriesTracks.BlocksMin * SeriesTracks.BlockPoints,
            pulse.Interval, QualityScore.Told(findings, pulse, nowNs));
    }

    private void Keep()
    {
        lock (_keepingGate)
        {
            byte[] bytes;
            lock (_gate)
            {
                CatchUp();
                if (_batches == _keptAt)
                {
                    return;
                }

                (bytes, _keptAt) = (QualityFile.ToBytes(_tracks, _series), _batches);
            }

            try
            {
                AtomicFile.Write(_folder.Files, QualityFile.Name, bytes);
            }
            catch (IOException failure)
            {
                Log.NotKept(_logger, failure.Message);
            }
        }
    }

    private void Skip(long points, string cause)
    {
        Interlocked.Add(ref _skippedPoints, points);
        _skipped.Add(points, new KeyValuePair<string, object?>("cause", cause));
    }

    private static partial class Log
    {
        [LoggerMessage(3151, LogLevel.Warning, "What was learned about the quality of series could not be taken over, and is learned anew: {Why}.")]
        public static partial void NotTakenOver(ILogger logger, string why);

        [LoggerMessage(3152, LogLevel.Warning, "What was learned about the quality of series could not be kept: {Why}")]
        public static partial void NotKept(ILogger logger, string why);
    }
}
