using System.Buffers;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Durability;
using Pilotage.Runtime;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>
/// A pipeline that runs beside ingest: it follows the store in order of arrival, stores what it puts out, and from time to time writes down how far it is. A start goes on from there
/// and reads again what came after, from the store; what it puts out twice is stored once.
/// </summary>
/// <remarks>It is never in the way of who stores. Where it is too slow it falls behind and reads from the store what it was not told; nothing is left out.</remarks>
internal sealed partial class LivePipeline : IAsyncDisposable
{
    /// <summary>Most points that wait for it in memory; with more it reads from the store.</summary>
    public const int WaitingPointsMax = 200_000;

    /// <summary>Most points and events that wait to be stored.</summary>
    private const int PutOutMax = 10_000;

    /// <summary>Rows between two looks at whether it is to stop.</summary>
    private const int SliceRows = 4_096;

    /// <summary>Arrivals of other devices after which a checkpoint is worth writing: a start would look through them again.</summary>
    private const long SkippedMax = 1_000_000;

    // A checkpoint takes no more than a twentieth of the time.
    private const int CheckpointShare = 20;
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PatienceMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(30);

    private readonly PipelineSites _sites;
    private readonly PipelineRun _run;
    private readonly StoringSink _sink;
    private readonly RowPlaces _places;
    private readonly CancellationTokenSource _stopping = new();
    private readonly StepRates _rates = new();

    // Held while rows are pushed, and while somebody looks at the steps.
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private int _isEnded;
    private long _nextArrival;
    private long _settledArrival;
    private long _catchesUpTo;
    private long _rows;
    private long _failures;
    private long _lastRowNs;
    private long _checkpointedArrival;
    private long _checkpointedRows;
    private DateTimeOffset _checkpointDue;
    private string? _lastFailure;
    private (PointBatch Points, IReadOnlyList<DomainEvent> Events)? _owed;
    private volatile string? _waits;

    private LivePipeline(StoredPipeline pipeline, PipelinePlan plan, PipelineRun run, StoringSink sink, PipelineSites sites, PipelineState? state)
    {
        (Pipeline, Plan, _run, _sink, _sites) = (pipeline, plan, run, sink, sites);
        _places = new RowPlaces(plan, pipeline.Tenant, sites.Fleet);
        _nextArrival = state?.NextArrival ?? pipeline.Document.FromArrival;

        // Alerts may be waiting to be cleared from the beginning.
        (_checkpointedArrival, _settledArrival) = (_nextArrival, sink.Count == 0 ? _nextArrival : _nextArrival - 1);
        _checkpointDue = sites.Time.GetUtcNow() + CheckpointInterval;
        _sink.IsSilent = state is null && pipeline.Document.FromNs is not null;
        SinceNs = sites.Time.NowNs();
    }

    public StoredPipeline Pipeline { get; }

    public PipelinePlan Plan { get; }

    /// <summary>Since when it runs.</summary>
    public long SinceNs { get; }

    /// <summary>What it took over from the state it began with; null where it began empty.</summary>
    public RestoreReport? Restored => _run.Restored;

    /// <summary>Why the state that was there was not taken; null where it was, or there was none.</summary>
    public string? NotRestored { get; private init; }

    /// <summary>Why it does not go on at the moment and tries again; null where it does.</summary>
    public string? Waits => _waits;

    /// <summary>Why it ended; null where it runs.</summary>
    public string? Failed { get; private set; }

    /// <summary>Rows it read since it runs.</summary>
    public long Rows => Interlocked.Read(ref _rows);

    /// <summary>Rows at which a model failed since it runs, and what it said the last time.</summary>
    public (long Rows, string? Last) Failures => (Interlocked.Read(ref _failures), Volatile.Read(ref _lastFailure));

    /// <summary>Arrivals that it has not read yet, or of which it has not stored what it put out; those of other devices among them.</summary>
    public long Behind => Math.Max(0, _sites.Store.NextArrival - Interlocked.Read(ref _settledArrival));

    /// <summary>Whether the last checkpoint is as good as one that were written now: nothing it reads came since, nor very much else.</summary>
    private bool IsKept => _checkpointedRows == _rows && _nextArrival - _checkpointedArrival < SkippedMax;

    /// <summary>Whether it reads from the store what it was not told.</summary>
    public bool IsCatchingUp => Interlocked.Read(ref _catchesUpTo) > 0;

    /// <summary>Device time of the last row; 0 before there was one.</summary>
    public long LastRowNs => Interlocked.Read(ref _lastRowNs);

    /// <summary>Alerts that stand.</summary>
    public int Standing
    {
        get
        {
            lock (_gate)
            {
                return _sink.Standing.Count;
            }
        }
    }

    /// <summary>When the last checkpoint was written and what it took; null before there was one.</summary>
    public CheckpointNote? Checkpoint { get; private set; }

    /// <summary>What was done and left out, since the pipeline was applied first.</summary>
    public PipelineCounters Counters
    {
        get
        {
            lock (_gate)
            {
                return _run.Counters;
            }
        }
    }

    /// <summary>Devices of its tables.</summary>
    public int Devices
    {
        get
        {
            lock (_gate)
            {
                return _places.Devices.Count;
            }
        }
    }

    /// <summary>Begins to run, from the state that is there or from where the version says; the models are disposed of with it.</summary>
    public static Outcome<LivePipeline> Begin(StoredPipeline pipeline, PipelinePlan plan, IReadOnlyDictionary<string, IModelInvoker> models, PipelineSites sites)
    {
        PipelineState? state = null;
        string? notRestored = null;

        // Alerts that stand are known from it also where its windows are not taken.
        if (!PipelineState.Read(sites.Folder, pipeline.Tenant, pipeline.Name).TryGet(out var kept, out var refusal))
        {
            notRestored = refusal.Message;
        }
        else if (kept is not null && kept.NextArrival > sites.Store.NextArrival)
        {
            notRestored = "The state is of rows that are not in the store, which an older backup of it may explain.";
        }
        else if (kept is not null && (!pipeline.Document.IsFresh || kept.Version == pipeline.Version))
        {
            state = kept;
        }

        var sink = new StoringSink(pipeline, plan, sites.Time);
        PipelineRun? run = null;
        if (state is not null && !PipelineRun.Restore(plan, models, sink, sites.Time, state.Flow).TryGet(out run, out refusal))
        {
            (state, notRestored) = (null, refusal.Message);
        }

        if (run is null && !PipelineRun.Start(plan, models, sink, sites.Time).TryGet(out run, out refusal))
        {
            return refusal;
        }

        sink.Resume(kept?.Standing ?? new Dictionary<(DeviceId, string), string>(), goesOn: state is not null);
        var live = new LivePipeline(pipeline, plan, run, sink, sites, state) { NotRestored = notRestored };
        live._running = Task.Run(live.RunAsync);
        return live;
    }

    /// <summary>The steps, inputs before their readers, and rows a second of each of late.</summary>
    public IReadOnlyList<(PipelineStep Step, double RowsPerSecond)> Steps()
    {
        lock (_gate)
        {
            var steps = _run.Steps();
            var rates = _rates.Of(_sites.Time.NowNs(), [.. steps.Select(step => step.Rows)], SinceNs);
            return [.. steps.Zip(rates)];
        }
    }

    /// <summary>Ends it; its state is on disk when this completes, as far as the disk takes it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _running;
        _run.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        using var follower = _sites.Store.Follow(WaitingPointsMax);
        try
        {
            while (true)
            {
                await FollowAsync(follower);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            await EndAsync();
        }
        catch (Exception failure)
        {
            // Of a pipeline that has a fault nobody else is to notice anything.
            Failed = failure.Message;
            Log.Failed(_sites.Logger, Pipeline.Name, failure);
        }
    }

    private async Task FollowAsync(StoreFollower follower)
    {
        if (follower.IsBehind)
        {
            await CatchUpAsync(follower);
        }
        else if (follower.TryTake(out var batch))
        {
            Push(batch);
            await StoreAsync(PutOutMax);
        }
        else
        {
            await StoreAsync(1);
            await CheckpointAsync();
            await follower.WaitAsync(IsKept ? Timeout.InfiniteTimeSpan : CheckpointInterval, _stopping.Token);
            return;
        }

        await CheckpointAsync();
        _stopping.Token.ThrowIfCancellationRequested();
    }

    /// <summary>Reads from the store what arrived since the last row, up to where it is told again.</summary>
    private async Task CatchUpAsync(StoreFollower follower)
    {
        var until = follower.Rejoin();
        _sites.Meters.Rejoins.Add(1);
        Interlocked.Exchange(ref _catchesUpTo, until);
        DeviceId[] devices;
        lock (_gate)
        {
            devices = [.. _places.Devices];
        }

        var taken = 0;
        foreach (var row in _sites.Store.ReplayArrived(Pipeline.Tenant, devices, _places.Properties, _nextArrival, until))
        {
            if (row.ReceivedNs >= (Pipeline.Document.FromNs ?? long.MinValue))
            {
                Push(row);
            }

            Interlocked.Exchange(ref _nextArrival, row.Arrival + 1);
            if (++taken % SliceRows == 0 || _sink.Count >= PutOutMax)
            {
                await StoreAsync(PutOutMax);
                await CheckpointAsync();
                _stopping.Token.ThrowIfCancellationRequested();
            }
        }

        Interlocked.Exchange(ref _nextArrival, Math.Max(_nextArrival, until));
        if (_sink.IsSilent)
        {
            lock (_gate)
            {
                _sink.IsSilent = false;
                _sink.TellUntold();
            }
        }

        await StoreAsync(1);
        Interlocked.Exchange(ref _catchesUpTo, 0);
    }

    private void Push(StoredBatch batch)
    {
        lock (_gate)
        {
            for (var i = 0; i < batch.RowCount; i++)
            {
                var arrival = batch.ArrivalOf(i);
                if (arrival < _nextArrival)
                {
                    continue;
                }

                var row = batch.Row(i);
                var source = _places.Place(row);
                if (source >= 0)
                {
                    Push(source, row.Device, row.TimeNs, arrival);
                }

                Interlocked.Exchange(ref _nextArrival, arrival + 1);
            }
        }
    }

    private void Push(ArrivedTypedRow row)
    {
        lock (_gate)
        {
            var source = _places.Place(row);
            if (source >= 0)
            {
                Push(source, row.Device, row.TimeNs, row.Arrival);
            }
        }
    }

    private void Push(int source, DeviceId device, long timeNs, long arrival)
    {
        Interlocked.Increment(ref _rows);
        Interlocked.Exchange(ref _lastRowNs, timeNs);
        _sites.Meters.Rows.Add(1);
        try
        {
            _run.Push(source, device, timeNs, _places.Values(source), _places.Texts(source), arrival);
        }
        catch (Learning.Onnx.OnnxException failure)
        {
            // The row counts as seen: windows before the model hold it, nothing after the model does.
            Interlocked.Increment(ref _failures);
            Volatile.Write(ref _lastFailure, failure.Message);
            _sites.Meters.Failures.Add(1);
        }
    }

    /// <summary>Stores what was put out once it is that much; tries until the disk takes it.</summary>
    private async Task StoreAsync(int atLeast)
    {
        var next = _nextArrival;
        if (_sink.Count < atLeast)
        {
            if (_sink.Count == 0)
            {
                Interlocked.Exchange(ref _settledArrival, next);
            }

            return;
        }

        // Taken once, and owed until it is stored: no checkpoint may say that it is.
        var owed = _sink.Take();
        _owed = owed;
        for (var patience = PatienceMin; ; patience = TimeSpan.FromTicks(Math.Min(2 * patience.Ticks, PatienceMax.Ticks)))
        {
            try
            {
                await _sites.StoreAsync(owed.Points, owed.Events);
                (_owed, _waits) = (null, null);
                Interlocked.Exchange(ref _settledArrival, next);
                return;
            }
            catch (Exception failure) when (failure is IOException or CommitLogFullException or CommitLogFailedException or SqliteException)
            {
                _waits = $"What it puts out cannot be stored: {failure.Message.TrimEnd('.')}.";
                await Task.Delay(patience, _sites.Time, _stopping.Token);
            }
        }
    }

    private async Task CheckpointAsync()
    {
        if (_sink.IsSilent || IsKept || _sites.Time.GetUtcNow() < _checkpointDue)
        {
            return;
        }

        await StoreAsync(1);
        WriteCheckpoint();
    }

    private async Task EndAsync()
    {
        if (_sink.IsSilent)
        {
            return;
        }

        try
        {
            foreach (var (points, events) in _owed is { } owed ? [owed, _sink.Take()] : new[] { _sink.Take() })
            {
                await _sites.StoreAsync(points, events);
            }

            WriteCheckpoint();
        }
        catch (Exception failure) when (failure is IOException or CommitLogFullException or CommitLogFailedException or SqliteException)
        {
            // The next start goes on from the checkpoint before and puts out the same again.
            Log.NotKept(_sites.Logger, Pipeline.Name, failure.Message);
        }
    }

    /// <summary>Writes down how far it is. Everything it put out is stored by then.</summary>
    private void WriteCheckpoint()
    {
        var began = _sites.Time.GetTimestamp();
        try
        {
            var flow = new ArrayBufferWriter<byte>();
            lock (_gate)
            {
                _run.Checkpoint(flow);
            }

            var bytes = new PipelineState(PipelineState.OwnerOf(Pipeline.Tenant, Pipeline.Name), Pipeline.Version, _nextArrival, _sink.Standing, flow.WrittenSpan.ToArray())
                .Write(_sites.Folder, Pipeline.Tenant, Pipeline.Name);
            Checkpoint = new CheckpointNote(_sites.Time.NowNs(), bytes);
            (_checkpointedArrival, _checkpointedRows) = (_nextArrival, _rows);
            _sites.Meters.Checkpoints.Add(1);
        }
        catch (IOException failure)
        {
            Log.NotKept(_sites.Logger, Pipeline.Name, failure.Message);
        }

        var took = _sites.Time.GetElapsedTime(began) * CheckpointShare;
        _checkpointDue = _sites.Time.GetUtcNow() + (took > CheckpointInterval ? took : CheckpointInterval);
    }

    private static partial class Log
    {
        [LoggerMessage(3150, LogLevel.Error, "The pipeline {Pipeline} ended; it goes on from its last checkpoint when it is applied anew or resumed.")]
        public static partial void Failed(ILogger logger, string pipeline, Exception failure);

        [LoggerMessage(3151, LogLevel.Warning, "The state of the pipeline {Pipeline} was not written: {Why}. It is tried again; a start goes on from the one before.")]
        public static partial void NotKept(ILogger logger, string pipeline, string why);
    }
}

/// <summary>A checkpoint that was written.</summary>
internal sealed record CheckpointNote(long AtNs, long Bytes);
