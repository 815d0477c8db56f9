namespace Pilotage.Runtime.Inference;

/// <summary>Notes how long rows of one model wait and take, from any thread.</summary>
/// <param name="model">The model.</param>
/// <param name="hardwareClass">Where it runs.</param>
/// <param name="deadline">A row that takes longer is a deadline miss.</param>
/// <param name="time">The clock.</param>
/// <param name="rapl">The counter of energy; null when there is none.</param>
/// <param name="calibration">What a busy core takes, in place of a counter; null when nobody measured it.</param>
public sealed class InferenceMeter(string model, string hardwareClass, TimeSpan deadline, TimeProvider time, RaplCounter? rapl = null, EnergyCalibration? calibration = null)
{
    private readonly Lock _gate = new();
    private readonly LatencyHistogram _latency = new();
    private readonly LatencyHistogram _queue = new();
    private readonly long _began = time.GetTimestamp();
    private readonly double? _joulesBefore = rapl?.Read();
    private long _failed;
    private long _misses;
    private TimeSpan _busy;

    /// <summary>Adds a row.</summary>
    /// <param name="queued">How long it waited.</param>
    /// <param name="total">From its arrival to its answer.</param>
    /// <param name="isAnswered">False when the model failed on it.</param>
    public void Record(TimeSpan queued, TimeSpan total, bool isAnswered)
    {
        lock (_gate)
        {
            Note(queued, total, isAnswered);
        }
    }

    /// <summary>Adds the rows of a call, with its time.</summary>
    internal void Record(ReadOnlySpan<GivenRow> rows, long started, long ended, double ticksPerStep, bool isAnswered)
    {
        lock (_gate)
        {
            _busy += time.GetElapsedTime(started, ended);
            foreach (var row in rows)
            {
                Note(new TimeSpan((long)((started - row.Timestamp) * ticksPerStep)), new TimeSpan((long)((ended - row.Timestamp) * ticksPerStep)), isAnswered);
            }
        }
    }

    /// <summary>Adds the time of a call.</summary>
    public void AddBusy(TimeSpan busy)
    {
        lock (_gate)
        {
            _busy += busy;
        }
    }

    /// <summary>The figures up to now.</summary>
    public InferenceFigures Read()
    {
        lock (_gate)
        {
            var elapsed = time.GetElapsedTime(_began);
            return new InferenceFigures(
                model,
                hardwareClass,
                _latency.Count,
                _failed,
                _latency.Quantile(0.5).TotalMilliseconds,
                _latency.Quantile(0.95).TotalMilliseconds,
                _latency.Quantile(0.99).TotalMilliseconds,
                _queue.Quantile(0.5).TotalMilliseconds,
                _queue.Quantile(0.99).TotalMilliseconds,
                _misses,
                elapsed > TimeSpan.Zero ? _latency.Count / elapsed.TotalSeconds : 0,
                _busy > TimeSpan.Zero ? _latency.Count / _busy.TotalSeconds : 0,
                Environment.WorkingSet,
                Energy(elapsed));
        }
    }

    private void Note(TimeSpan queued, TimeSpan total, bool isAnswered)
    {
        if (!isAnswered)
        {
            _failed++;
            return;
        }

        _queue.Record(queued);
        _latency.Record(total);
        _misses += total > deadline ? 1 : 0;
    }

    private EnergyFigure? Energy(TimeSpan elapsed)
    {
        if (_latency.Count == 0)
        {
            return null;
        }

        if (_joulesBefore is { } before && rapl!.Read() is { } now && elapsed > TimeSpan.Zero)
        {
            return new EnergyFigure((now - before) / _latency.Count, "rapl", RaplCounter.ErrorShare(elapsed));
        }

        return calibration is { } known ? new EnergyFigure(_busy.TotalSeconds * known.WattsPerBusyCore / _latency.Count, "calibrated", known.ErrorShare) : null;
    }
}
