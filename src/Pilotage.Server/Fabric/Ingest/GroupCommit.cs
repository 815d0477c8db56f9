namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Lets many callers share one commit: while one runs, the next gathers. Order of adding is order of committing.</summary>
/// <typeparam name="TBatch">What a commit stores.</typeparam>
/// <param name="commit">Stores a batch of that many items; what it throws, every caller of that commit gets.</param>
/// <param name="itemsMax">Most items of one commit; more wait for the next.</param>
/// <param name="time">Says how busy it is.</param>
/// <remarks>
/// While little comes, each commit begins at once. A commit costs the processor about as much as twenty messages do, so on a
/// fast disk thousands of small ones a second would cost more than what they store: when much comes, the next one gathers for
/// <see cref="BusyGather"/> first.
/// </remarks>
internal sealed class GroupCommit<TBatch>(Func<TBatch, int, Task> commit, int itemsMax, TimeProvider time) : IAsyncDisposable
    where TBatch : class, new()
{
    private const double BusyItemsPerSecond = 5_000;
    private const double Fading = 0.8;
    private static readonly TimeSpan BusyGather = TimeSpan.FromMilliseconds(2);

    private readonly Lock _gate = new();
    private readonly Queue<Gathering> _full = new();
    private Gathering _open = new();
    private Task _running = Task.CompletedTask;
    private long _lastTaken = time.GetTimestamp();
    private double _items;
    private double _seconds;

    /// <summary>The batch that gathers now, for adding one item; nobody else adds until the entry is disposed of.</summary>
    public Entry Enter()
    {
        _gate.Enter();
        if (_open.Items == itemsMax)
        {
            _full.Enqueue(_open);
            _open = new();
        }

        if (_running.IsCompleted)
        {
            _running = RunAsync();
        }

        _open.Items++;
        return new Entry(_gate, _open);
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
        while (Take() is { } gathering)
        {
            try
            {
                await commit(gathering.Batch, gathering.Items);
                gathering.Done.SetResult();
            }
            catch (Exception failure)
            {
                gathering.Done.SetException(failure);

                // Whoever added need not wait for it.
                _ = gathering.Done.Task.Exception;
            }

            if (_items > BusyItemsPerSecond * _seconds && gathering.Items < itemsMax)
            {
                await Task.Delay(BusyGather, time);
            }
        }
    }

    private Gathering? Take()
    {
        lock (_gate)
        {
            if (_full.TryDequeue(out var full))
            {
                Count(full.Items);
                return full;
            }

            if (_open.Items == 0)
            {
                // Said under the lock: whoever adds next starts anew and does not rely on a loop that is leaving.
                _running = Task.CompletedTask;
                return null;
            }

            Count(_open.Items);
            var taken = _open;
            _open = new();
            return taken;
        }
    }

    /// <summary>Items and time of the last few commits; a clock that stands still says nothing.</summary>
    private void Count(int items)
    {
        var now = time.GetTimestamp();
        var since = time.GetElapsedTime(_lastTaken, now).TotalSeconds;
        _lastTaken = now;
        _items = since > 0 ? (Fading * _items) + items : 0;
        _seconds = (Fading * _seconds) + since;
    }

    /// <summary>The right to add one item.</summary>
    internal readonly ref struct Entry(Lock gate, Gathering gathering)
    {
        public TBatch Batch => gathering.Batch;

        /// <summary>Completes when the batch is stored.</summary>
        public Task Done => gathering.Done.Task;

        public void Dispose() => gate.Exit();
    }

    /// <summary>What goes into one commit.</summary>
    internal sealed class Gathering
    {
        public TBatch Batch { get; } = new();

        public int Items { get; set; }

        // Continuations run elsewhere: a slow caller must not hold up the commit of the others.
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
