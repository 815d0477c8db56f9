using Pilotage.Broker;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>The points of many messages on their way into one commit, and what their publishers will be told.</summary>
internal sealed class PointGathering : IThreadPoolWorkItem
{
    // Connections go on one after the other, on one thread: each only writes its acks, and a work item for each costs more.
    private readonly TaskCompletionSource<PublishDecision> _told = new();
    private PublishDecision _decision;

    public PointBatch Points { get; } = new();

    /// <summary>One task for all messages; it never fails.</summary>
    public Task<PublishDecision> Told => _told.Task;

    /// <summary>Tells the publishers, elsewhere: they must not hold up the next commit.</summary>
    public void Tell(PublishDecision decision)
    {
        _decision = decision;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute() => _told.SetResult(_decision);
}
