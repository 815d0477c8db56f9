using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Findings;

/// <summary>Batches on their way from ingest to whoever looks at them: bounded by points, and nobody waits.</summary>
internal sealed class WaitingBatches(int pointsMax)
{
    private readonly ConcurrentQueue<PointBatch> _batches = new();
    private long _points;
    private volatile bool _missed;

    /// <summary>Adds a batch; false where too many points wait already. One that is alone is taken, however large.</summary>
    public bool TryAdd(PointBatch batch)
    {
        var points = Interlocked.Add(ref _points, batch.Count);
        if (points > pointsMax && points > batch.Count)
        {
            Interlocked.Add(ref _points, -batch.Count);
            _missed = true;
            return false;
        }

        _batches.Enqueue(batch);
        return true;
    }

    /// <summary>Takes the next batch, and says whether one was refused since the last was taken. For one thread at a time.</summary>
    public bool TryTake([NotNullWhen(true)] out PointBatch? batch, out bool missed)
    {
        missed = false;
        if (!_batches.TryDequeue(out batch))
        {
            return false;
        }

        Interlocked.Add(ref _points, -batch.Count);
        if (_missed)
        {
            (_missed, missed) = (false, true);
        }

        return true;
    }
}
