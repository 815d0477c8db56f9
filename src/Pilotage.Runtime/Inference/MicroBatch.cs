using Pilotage.Core;
using Pilotage.Learning.Onnx;

namespace Pilotage.Runtime.Inference;

/// <summary>Puts rows of many callers into one call of a model: at most so many rows, and none waits longer than it may.</summary>
/// <remarks>
/// The caller whose row makes a call full runs it, so nothing changes threads; what does not fill up in time, a timer runs. One call at
/// a time; each caller runs one at most, and what came meanwhile is the next one's or the timer's. Nothing is allocated per row.
/// Answers come in the order the rows were given. The model stays its owner's, and is disposed after this.
/// </remarks>
public sealed class MicroBatch : IDisposable
{
    private readonly Lock _gate = new();
    private readonly OnnxModel _model;
    private readonly MicroBatchOptions _options;
    private readonly TimeProvider _time;
    private readonly InferenceMeter? _meter;
    private readonly int _width;
    private readonly int _gives;

    // GetElapsedTime asks for the frequency each time; here it is asked for once.
    private readonly double _ticksPerStep;

    // A ring: _count rows from _first on, each with who gave it.
    private readonly float[] _rows;
    private readonly GivenRow[] _given;
    private int _first;
    private int _count;

    // What is being run; touched only by whoever set _running.
    private readonly float[] _batch;
    private readonly float[] _answers;
    private readonly GivenRow[] _taken;
    private readonly ITimer _timer;
    private bool _running;
    private bool _armed;
    private bool _disposed;
    private long _refused;

    /// <summary>Begins with an empty queue.</summary>
    /// <param name="model">A model that takes rows.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="time">The clock of the wait.</param>
    /// <param name="meter">Notes how long rows waited and took; null for none.</param>
    public MicroBatch(OnnxModel model, MicroBatchOptions options, TimeProvider time, InferenceMeter? meter = null)
    {
        (_model, _options, _time, _meter) = (model, options, time, meter);
        (_width, _gives) = (model.RowWidth, model.OutputWidth);
        _ticksPerStep = (double)TimeSpan.TicksPerSecond / time.TimestampFrequency;
        _rows = new float[options.QueueRowsMax * _width];
        _given = new GivenRow[options.QueueRowsMax];
        var most = Math.Min(options.RowsMax, options.QueueRowsMax);
        _batch = new float[most * _width];
        _answers = new float[most * _gives];
        _taken = new GivenRow[most];
        _timer = time.CreateTimer(_ => OnTime(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Rows that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Rows that were refused because too many waited.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Gives a row; null when it was taken, and then its sink hears of it once, maybe before this returns.</summary>
    public Refusal? Add(ReadOnlySpan<float> row, IRowSink sink, long tag)
    {
        if (row.Length != _width)
        {
            return new Refusal("onnx.wrong_shape", $"The row has {row.Length} values; the model takes {_width}.");
        }

        if (RowValues.FirstNotFinite(row) is >= 0 and var bad && !(_options.TakesMissing && row.IndexOfAny(float.PositiveInfinity, float.NegativeInfinity) < 0))
        {
            return new Refusal("onnx.not_finite", $"Value {bad} of the row is not a finite number.");
        }

        bool isFull;
        int count;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_count == _given.Length)
            {
                Interlocked.Increment(ref _refused);
                return new Refusal("inference.queue_full", $"{_count} rows wait for the model already. Send slower, or raise QueueRowsMax.");
            }

            var at = _first + _count;
            at = at >= _given.Length ? at - _given.Length : at;
            row.CopyTo(_rows.AsSpan(at * _width));
            _given[at] = new GivenRow(sink, tag, _time.GetTimestamp());
            _count++;
            if (!_armed)
            {
                Arm(_options.WaitMax);
            }

            isFull = !_running && _count >= _taken.Length;
            count = isFull ? Take() : 0;
        }

        if (isFull)
        {
            Run(count);
        }

        return null;
    }

    /// <summary>Gives a row and waits for its answer.</summary>
    public Task<Outcome<float[]>> RunAsync(ReadOnlySpan<float> row)
    {
        var waiter = new Waiter();
        return Add(row, waiter, 0) is { } refusal ? Task.FromResult<Outcome<float[]>>(refusal) : waiter.Task;
    }

    /// <summary>Takes no more; rows whose turn has not come hear that they failed.</summary>
    public void Dispose()
    {
        GivenRow[] left;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            left = [.. Enumerable.Range(0, _count).Select(i => _given[(_first + i) % _given.Length])];
            _count = 0;
        }

        _timer.Dispose();
        Array.ForEach(left, given => given.Sink.Failed(given.Tag, "The model was unloaded before the row's turn came."));
    }

    private void OnTime()
    {
        int count;
        lock (_gate)
        {
            _armed = false;
            if (_disposed || _count == 0 || _running)
            {
                // Whoever runs looks after those that wait when it is done.
                return;
            }

            var left = _options.WaitMax - _time.GetElapsedTime(_given[_first].Timestamp);
            if (left > TimeSpan.Zero && _count < _taken.Length)
            {
                Arm(left);
                return;
            }

            count = Take();
        }

        Run(count);
    }

    // Called under the gate: moves the oldest rows out of the ring and makes the caller the one who runs.
    private int Take()
    {
        var count = Math.Min(_count, _taken.Length);
        var before = Math.Min(count, _given.Length - _first);
        _rows.AsSpan(_first * _width, before * _width).CopyTo(_batch);
        _given.AsSpan(_first, before).CopyTo(_taken);
        _rows.AsSpan(0, (count - before) * _width).CopyTo(_batch.AsSpan(before * _width));
        _given.AsSpan(0, count - before).CopyTo(_taken.AsSpan(before));
        _count -= count;
        // An empty ring begins at its beginning again, so that what is touched stays in the nearest cache.
        _first = _count == 0 ? 0 : (_first + count) % _given.Length;
        _running = true;
        return count;
    }

    private void Run(int count)
    {
        try
        {
            var started = _time.GetTimestamp();
            var failed = Call(0, count);
            if (failed is not null && count > 1)
            {
                OneByOne(count, started);
            }
            else
            {
                Tell(0, count, started, failed);
            }
        }
        finally
        {
            lock (_gate)
            {
                _running = false;
                if (_count > 0 && !_disposed)
                {
                    Arm(_count >= _taken.Length ? TimeSpan.Zero : _options.WaitMax - _time.GetElapsedTime(_given[_first].Timestamp));
                }
            }
        }
    }

    // One row can make a whole call fail: then each is asked alone, and only that one fails.
    private void OneByOne(int count, long started)
    {
        for (var i = 0; i < count; i++)
        {
            Tell(i, 1, started, Call(i, 1));
            started = _time.GetTimestamp();
        }
    }

    private string? Call(int from, int count)
    {
        try
        {
            _model.RunRows(_batch.AsSpan(from * _width, count * _width), _answers.AsSpan(from * _gives));
            return null;
        }
        catch (OnnxException failed)
        {
            return failed.Message;
        }
        catch (ObjectDisposedException)
        {
            return "The model was unloaded.";
        }
    }

    private void Tell(int from, int count, long started, string? failed)
    {
        _meter?.Record(_taken.AsSpan(from, count), started, _time.GetTimestamp(), _ticksPerStep, failed is null);
        for (var i = from; i < from + count; i++)
        {
            var given = _taken[i];
            if (failed is null)
            {
                given.Sink.Answered(given.Tag, _answers.AsSpan(i * _gives, _gives), new TimeSpan((long)((started - given.Timestamp) * _ticksPerStep)));
            }
            else
            {
                given.Sink.Failed(given.Tag, failed);
            }
        }
    }

    // Called under the gate. Timers count whole milliseconds, so less than one is rounded up, or it would fire early and again.
    private void Arm(TimeSpan after)
    {
        _armed = true;
        _timer.Change(after <= TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling(after.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }

    private sealed class Waiter : IRowSink
    {
        private readonly TaskCompletionSource<Outcome<float[]>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Outcome<float[]>> Task => _answer.Task;

        public void Answered(long tag, ReadOnlySpan<float> outputs, TimeSpan queued) => _answer.SetResult(outputs.ToArray());

        public void Failed(long tag, string reason) => _answer.SetResult(new Refusal("onnx.failed", reason));
    }
}

/// <summary>A row that waits: whom its answer goes to, and when it came.</summary>
internal readonly record struct GivenRow(IRowSink Sink, long Tag, long Timestamp);
