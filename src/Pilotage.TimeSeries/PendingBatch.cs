using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries;

/// <summary>A batch, or a deletion, on its way: handed to the log, to be made visible when it is its turn.</summary>
internal sealed class PendingBatch(PointBatch batch, Shape[] shapes, long receivedNs, ForwardMark? mark)
{
    public PendingBatch(Deletion deletion)
        : this(new PointBatch(), [], 0, null) => Deletion = deletion;

    private readonly TaskCompletionSource<Appended> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _cause;
    private long _sequence;

    public PointBatch Batch => batch;

    public Shape[] Shapes => shapes;

    public long ReceivedNs => receivedNs;

    public ForwardMark? Mark => mark;

    /// <summary>What is deleted instead, if this is no batch.</summary>
    public Deletion? Deletion { get; }

    public Task<Appended> Outcome => _outcome.Task;

    /// <summary>Whether the log has answered.</summary>
    public bool IsDecided => Volatile.Read(ref _sequence) != 0 || Volatile.Read(ref _cause) is not null;

    /// <summary>Its place in the log; null when the log refused it.</summary>
    public long? Sequence => _cause is null ? _sequence : null;

    public void Durable(long sequence) => Volatile.Write(ref _sequence, sequence);

    public void Refused(Exception cause) => Volatile.Write(ref _cause, cause);

    public void Complete(Appended outcome) => _outcome.SetResult(outcome);

    public void Complete() => _outcome.SetException(_cause!);
}
