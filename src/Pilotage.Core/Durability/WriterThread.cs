using System.Collections.Concurrent;

namespace Pilotage.Core.Durability;

/// <summary>A scheduler with one thread of its own, because a sync blocks for milliseconds and the pool must not.</summary>
internal sealed class WriterThread : TaskScheduler
{
    private readonly BlockingCollection<Task> _tasks = [];

    public WriterThread(string name) => new Thread(Run) { Name = name, IsBackground = true }.Start();

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Lets the thread end once what is queued has run.</summary>
    public void End() => _tasks.CompleteAdding();

    protected override void QueueTask(Task task) => _tasks.Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks.ToArray();

    private void Run()
    {
        foreach (var task in _tasks.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }

        _tasks.Dispose();
    }
}
