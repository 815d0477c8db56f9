namespace Pilotage.Testing;

/// <summary>Runs tasks where they are queued, or keeps them until told: a log's writer without a thread.</summary>
public sealed class InlineScheduler : TaskScheduler
{
    private readonly Queue<Task> _held = new();
    private bool _isHolding;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>From now on tasks wait for <see cref="Release"/>, so that records gather into one commit.</summary>
    public void Hold() => _isHolding = true;

    /// <summary>Runs what waits, and from now on everything at once.</summary>
    public void Release()
    {
        _isHolding = false;
        while (_held.TryDequeue(out var task))
        {
            TryExecuteTask(task);
        }
    }

    protected override void QueueTask(Task task)
    {
        if (_isHolding)
        {
            _held.Enqueue(task);
        }
        else
        {
            TryExecuteTask(task);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [.. _held];
}
