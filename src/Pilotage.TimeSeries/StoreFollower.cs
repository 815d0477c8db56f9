namespace Pilotage.TimeSeries;

/// <summary>One batch as it was stored, for those who follow the store; the batch is left alone.</summary>
public readonly record struct StoredBatch
{
    private readonly PointBatch _batch;
    private readonly long[] _arrivals;

    internal StoredBatch(PointBatch batch, long[] arrivals, long receivedNs) => (_batch, _arrivals, ReceivedNs) = (batch, arrivals, receivedNs);

    /// <summary>When the server received it.</summary>
    public long ReceivedNs { get; }

    /// <summary>Rows in it.</summary>
    public int RowCount => _arrivals.Length;

    /// <summary>Points in it.</summary>
    public int Points => _batch.Count;

    /// <summary>The number of a row in the order of arrival, as <see cref="ArrivedRow.Arrival"/>; 0 of one that was there already.</summary>
    public long ArrivalOf(int row) => _arrivals[row];

    /// <summary>A row by its place.</summary>
    public RowReading Row(int row) => RowReading.Of(_batch, row);
}

/// <summary>Is told what a store takes in, batch by batch, in order of arrival, from memory; never in the way of who stores.</summary>
/// <remarks>
/// Batches wait in a queue that is bounded by points. Where one finds it full, the follower is behind: it is told nothing more until it rejoins, and reads what
/// arrived meanwhile with <see cref="TimeSeriesStore.ReplayArrived"/>. For one reader.
/// </remarks>
public sealed class StoreFollower : IDisposable
{
    private readonly TimeSeriesStore _store;
    private readonly int _pointsMax;
    private readonly Lock _gate = new();
    private readonly Queue<StoredBatch> _waiting = new();
    private readonly SemaphoreSlim _arrived = new(0, 1);
    private int _points;
    private bool _isBehind = true;

    internal StoreFollower(TimeSeriesStore store, int pointsMax) => (_store, _pointsMax) = (store, pointsMax);

    /// <summary>Whether something was stored that will not be told: at first, and once the queue was full.</summary>
    public bool IsBehind
    {
        get
        {
            lock (_gate)
            {
                return _isBehind;
            }
        }
    }

    /// <summary>Follows from here on; what arrived before the number that this gives is to be replayed by whoever has not seen it.</summary>
    public long Rejoin() => _store.Rejoin(this);

    /// <summary>The next batch, if one waits.</summary>
    public bool TryTake(out StoredBatch batch)
    {
        lock (_gate)
        {
            if (!_waiting.TryDequeue(out batch))
            {
                return false;
            }

            _points -= batch.Points;
            return true;
        }
    }

    /// <summary>Completes when a batch waits, or something was stored that will not be told; after some time in any case.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellation) => _arrived.WaitAsync(atMost, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Leave(this);
        _arrived.Dispose();
    }

    /// <summary>Called under the store's lock.</summary>
    internal void Take(StoredBatch batch)
    {
        lock (_gate)
        {
            if (_isBehind)
            {
                return;
            }

            // One batch is taken however large it is: it stands in memory anyway.
            if (_points > 0 && _points + batch.Points > _pointsMax)
            {
                _isBehind = true;
            }
            else
            {
                _waiting.Enqueue(batch);
                _points += batch.Points;
            }

            if (_arrived.CurrentCount == 0)
            {
                _arrived.Release();
            }
        }
    }

    /// <summary>Called under the store's lock.</summary>
    internal void Clear()
    {
        lock (_gate)
        {
            _waiting.Clear();
            (_points, _isBehind) = (0, false);
        }
    }
}
