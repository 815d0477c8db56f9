namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Lets many callers share one commit: while one runs, the next gathers. Order of adding is order of committing.</summary>
/// <param name="commit">Stores all items; what it throws, every caller of that commit gets.</param>
/// <param name="itemsMax">Most items of one commit; more wait for the next.</param>
internal sealed class GroupCommit<T>(Func<IReadOnlyList<T>, Task> commit, int itemsMax) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<(T Item, TaskCompletionSource Done)> _waiting = new();
    private Task _running = Task.CompletedTask;

    /// <summary>Completes when the item is stored. The item is queued before this returns.</summary>
    public Task AddAsync(T item)
    {
        // Continuations run elsewhere: a slow caller must not hold up the commit of the others.
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue((item, done));
            if (_running.IsCompleted)
            {
                _running = RunAsync();
            }
        }

        return done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_gate)
        {
            running = _running;
        }

        await running;
    }

    private async Task RunAsync()
    {
        // Leaves the caller's thread, and its lock, at once; what arrives meanwhile shares the first commit.
        await Task.Yield();
        while (Take() is { Count: > 0 } batch)
        {
            try
            {
                await commit([.. batch.Select(b => b.Item)]);
                batch.ForEach(b => b.Done.SetResult());
            }
            catch (Exception failure)
            {
                batch.ForEach(b => b.Done.SetException(failure));
            }
        }
    }

    private List<(T Item, TaskCompletionSource Done)> Take()
    {
        lock (_gate)
        {
            var batch = new List<(T, TaskCompletionSource)>(Math.Min(_waiting.Count, itemsMax));
            while (batch.Count < itemsMax && _waiting.TryDequeue(out var next))
            {
                batch.Add(next);
            }

            if (batch.Count == 0)
            {
                // Said under the lock: whoever adds next starts anew and does not rely on a loop that is leaving.
                _running = Task.CompletedTask;
            }

            return batch;
        }
    }
}
