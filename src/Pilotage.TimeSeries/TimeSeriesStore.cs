using System.Collections.Concurrent;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <summary>Keeps series of points: what it acknowledged is on disk, and comes back bit for bit.</summary>
/// <remarks>
/// A batch is one record of the commit log and stands in memory until the head is sealed into an immutable segment
/// file; then the manifest is replaced and the log trimmed. Opening replays what was not sealed. Damage is noticed by
/// checksum, costs what it touched and is never served. Any member may be called from any thread.
/// </remarks>
public sealed partial class TimeSeriesStore : IAsyncDisposable
{
    // A batch is one record; hosts bound theirs by messages, and a message may hold thousands of points.
    private const int BatchBytesMax = 256 * 1024 * 1024;
    private const string LogName = "head";
    private readonly IDurableDirectory _directory;
    private readonly TimeSeriesOptions _options;
    private readonly TimeProvider _time;
    private readonly CommitLog _log;
    private readonly Lock _gate = new();
    private readonly ShapeRegistry _shapes = new();
    private readonly Dictionary<(string Edge, string LogId), long> _marks = [];
    private readonly Queue<PendingBatch> _pending = new();
    private readonly BytesWriter _record = new();
    private readonly ConcurrentQueue<(DeviceSeries Device, SeriesState Series)> _withoutLast = new();
    private HeadTables _active = new();
    private HeadTables? _sealing;
    private long _nextArrival = 1;

    private TimeSeriesStore(IDurableDirectory directory, TimeSeriesOptions options, TimeProvider time)
    {
        _directory = directory;
        _options = options;
        _time = time;
        _cache = new BlockCache(options.CacheBytes);
        _log = CommitLog.Open(
            directory,
            new CommitLogOptions
            {
                Name = LogName,
                SegmentBytes = options.LogSegmentBytes,
                RecordBytesMax = BatchBytesMax,
                Writer = options.Writer,
            },
            time);
    }

    /// <summary>Whether the head's log has failed; nothing is acknowledged until the store is opened anew.</summary>
    public bool Failed => _log.Failed;

    /// <summary>What failed, in a sentence; null while nothing has.</summary>
    public string? Failure => _log.Failure;

    /// <summary>Whether the last batch was refused for want of space; one that is stored ends that.</summary>
    public bool IsFull => _log.IsFull;

    /// <summary>Why the head could not be sealed the last time that was tried; null when it could.</summary>
    public string? NotSealed => Volatile.Read(ref _notSealed);

    /// <summary>Stores a batch and, with it in the same commit, how far the forwarding edge has come.</summary>
    /// <remarks>Completes when the batch is durable and visible. Batches become visible in the order of the calls.</remarks>
    /// <exception cref="ArgumentException">A value is not of the kind of its series; <see cref="Admit"/> makes it so. Nothing is stored.</exception>
    /// <exception cref="CommitLogFullException">No space; the batch left no trace and may be appended again later.</exception>
    /// <exception cref="CommitLogFailedException">The log has failed; whether the batch is there shows when it is opened anew.</exception>
    public async ValueTask<Appended> AppendAsync(PointBatch batch, ForwardMark? mark, CancellationToken cancellation)
    {
        await RoomAsync(cancellation);
        PendingBatch pending;
        ValueTask<long> durable;
        lock (_gate)
        {
            pending = new PendingBatch(batch, ShapesOf(batch), ReceivedNs(batch), mark);
            _record.Clear();
            BatchCodec.Write(_record, batch, pending.Shapes, pending.ReceivedNs, mark);
            durable = _log.AppendAsync(_record.WrittenMemory, CancellationToken.None);
            _pending.Enqueue(pending);
        }

        return await CommittedAsync(pending, durable);
    }

    /// <summary>Commits a batch of nothing: what it finds, the next batch would have found.</summary>
    public async ValueTask ProbeAsync(CancellationToken cancellation) =>
        await AppendAsync(new PointBatch(), null, cancellation);

    /// <summary>How far the messages of an edge's log are stored; null when nothing came of it yet.</summary>
    public long? HighWater(string edge, string logId)
    {
        lock (_gate)
        {
            return _marks.TryGetValue((edge, logId), out var offset) ? offset : null;
        }
    }

    /// <summary>Ends what is under way and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        (Task Sealing, Task Merging) tasks;
        lock (_gate)
        {
            _isClosing = true;
            tasks = (_sealTask, _mergeTask);
        }

        await tasks.Sealing;
        await tasks.Merging;
        await SealAtCloseAsync();
        await _log.DisposeAsync();
        CloseSegments();
    }

    /// <summary>Waits until what was handed to the log is durable, and then visible.</summary>
    private async ValueTask<Appended> CommittedAsync(PendingBatch pending, ValueTask<long> durable)
    {
        try
        {
            pending.Durable(await durable);
        }
        catch (Exception cause)
        {
            pending.Refused(cause);
        }

        ApplyReady();
        return await pending.Outcome;
    }

    private long ReceivedNs(PointBatch batch) =>
        batch.ReceivedNs != 0 ? batch.ReceivedNs : (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    private Shape[] ShapesOf(PointBatch batch)
    {
        var shapes = new Shape[batch.RowCount];
        DeviceSeries? device = null;
        for (var i = 0; i < shapes.Length; i++)
        {
            var row = batch.Rows[i];
            if (i == 0 || row.Device != batch.Rows[i - 1].Device || row.Tenant != batch.Rows[i - 1].Tenant)
            {
                device = _shapes.Device(row.Tenant, row.Device);
            }

            shapes[i] = _shapes.Of(device!, batch.PropertiesOf(row), row.Properties, batch.KindsOf(row)) ?? throw Misfit(row);
            if (shapes[i].HasText)
            {
                CheckTexts(batch, row);
            }
        }

        return shapes;
    }

    /// <summary>Makes durable batches visible, strictly in the order of the log.</summary>
    private void ApplyReady()
    {
        lock (_gate)
        {
            while (_pending.TryPeek(out var pending) && pending.IsDecided)
            {
                _pending.Dequeue();
                if (pending.Sequence is not { } sequence)
                {
                    pending.Complete();
                    continue;
                }

                if (pending.Deletion is { } deletion)
                {
                    Apply(deletion, sequence);
                    pending.Complete(Appended.Stored);
                    continue;
                }

                pending.Complete(Apply(pending.Batch, pending.Shapes, pending.ReceivedNs, pending.Mark, sequence));
                SealWhenFull();
            }
        }
    }

    private Appended Apply(PointBatch batch, IReadOnlyList<Shape> shapes, long receivedNs, ForwardMark? mark, long sequence)
    {
        _active.LastSequence = sequence;
        foreach (var shape in shapes)
        {
            // The record explains the shape, so the segment that will stand for the record must as well.
            shape.IsDurable = true;
            _active.Of(shape);
        }

        if (mark is { } there)
        {
            var log = (there.Edge, there.LogId);
            if (_marks.TryGetValue(log, out var highWater) && there.Offset <= highWater)
            {
                return Appended.AlreadyStored;
            }

            _marks[log] = there.Offset;
        }

        var arrivals = _followers.Length == 0 ? null : new long[shapes.Count];
        for (var i = 0; i < shapes.Count; i++)
        {
            var arrival = _nextArrival;
            Apply(batch, batch.Rows[i], shapes[i], receivedNs);
            if (arrivals is not null && _nextArrival > arrival)
            {
                arrivals[i] = arrival;
            }
        }

        foreach (var follower in arrivals is null ? [] : _followers)
        {
            follower.Take(new StoredBatch(batch, arrivals!, receivedNs));
        }

        return Appended.Stored;
    }

    private void Apply(PointBatch batch, BatchRow row, Shape shape, long receivedNs)
    {
        var values = batch.ValuesOf(row);
        var qualities = batch.QualitiesOf(row);

        // Fast path: time moves on in all series of the row.
        var isNewer = shape.TryTake(row.TimeNs, values, qualities);
        if (!isNewer && IsRepeated(batch, row, shape))
        {
            return;
        }

        var table = _active.Of(shape);
        var textBytes = table.TextBytes;
        table.Add(row.TimeNs, row.EdgeNs, receivedNs, _nextArrival++, values, qualities, batch.Texts);
        _active.Count(row.Count, table.TextBytes - textBytes);
        for (var i = 0; !isNewer && i < values.Length; i++)
        {
            var text = batch.TextOf(row, i);
            shape.Series[i].Take(row.TimeNs, text is null ? values[i] : 0, text, qualities[i]);
        }
    }

    /// <summary>Compares a row with what is stored at its time, counting; true when every point of it is there already.</summary>
    private bool IsRepeated(PointBatch batch, BatchRow row, Shape shape)
    {
        var timeNs = row.TimeNs;
        var values = batch.ValuesOf(row);
        var qualities = batch.QualitiesOf(row);
        var isRepeated = true;
        List<RowSpanAt>? stored = null;
        for (var i = 0; i < values.Length; i++)
        {
            var series = shape.Series[i];

            // Fast path: time moves on.
            if (!series.HasLast || timeNs > series.LastNs)
            {
                isRepeated = false;
                continue;
            }

            var known = timeNs == series.LastNs && !series.IsLastLost
                ? series.Last
                : Newest(stored ??= StoredAt(shape, timeNs), shape.Properties[i]);
            if (known is not { } point)
            {
                isRepeated = false;
            }
            else if (batch.TextOf(row, i) is { } text ? point.Value.Text == text : point.Value.Bits == values[i])
            {
                isRepeated &= point.Quality == qualities[i];
                series.Repeated++;
            }
            else
            {
                isRepeated = false;
                series.Overwritten++;
            }
        }

        return isRepeated;
    }
}
