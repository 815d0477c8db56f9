namespace Pilotage.Core.Durability;

/// <summary>A record for which there was no room yet; they are taken in strictly in order.</summary>
internal sealed class LogWaiter(byte[] record)
{
    private readonly TaskCompletionSource<(LogBatch Batch, int Index)> _taken =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _decided;

    public int Bytes => record.Length;

    /// <summary>Puts the record into a batch, unless the wait was given up.</summary>
    public void Take(LogBatch batch)
    {
        if (Decide())
        {
            _taken.SetResult((batch, batch.Add(record)));
        }
    }

    public void Fail(Exception cause)
    {
        if (Decide())
        {
            _taken.SetException(cause);
            _ = _taken.Task.Exception;
        }
    }

    public async ValueTask<long> SequenceAsync(CancellationToken cancellation)
    {
        await using var registration = cancellation.Register(() =>
        {
            if (Decide())
            {
                _taken.SetCanceled(cancellation);
            }
        });
        var (batch, index) = await _taken.Task;
        return await batch.SequenceAsync(index);
    }

    private bool Decide() => Interlocked.Exchange(ref _decided, 1) == 0;
}
