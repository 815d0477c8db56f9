using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;

namespace Pilotage.Core.Durability;

/// <summary>Records waiting for one commit, laid out as the block they will become.</summary>
/// <remarks>
/// Waiting for a record costs no memory: the batch itself stands behind every wait, the record's index is the token.
/// Continuations run one after the other in the order of the waits, away from the thread that writes.
/// </remarks>
internal sealed class LogBatch : IValueTaskSource<long>, IThreadPoolWorkItem
{
    private const int BytesAtFirst = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly List<(Action<object?> Continuation, object? State)> _waiting = [];
    private volatile ValueTaskSourceStatus _status = ValueTaskSourceStatus.Pending;
    private Exception? _cause;
    private byte[] _bytes;

    public LogBatch(byte[]? buffer) => _bytes = buffer ?? new byte[BytesAtFirst];

    public int Length { get; private set; } = LogBlock.HeaderBytes;

    public int Count { get; private set; }

    /// <summary>Sequence of the first record, known once the batch is durable.</summary>
    public long FirstSequence { get; private set; }

    public byte[] Buffer => _bytes;

    public bool Takes(int recordBytes, int bytesMax) =>
        Count == 0
        || (Count <= ushort.MaxValue && Length + LogBlock.FrameHeaderBytes + recordBytes <= bytesMax);

    /// <summary>Copies a record in; the answer is its index.</summary>
    public int Add(ReadOnlySpan<byte> record)
    {
        record.CopyTo(Reserve(record.Length));
        return Count++;
    }

    /// <summary>Copies a record in; the answer is its index.</summary>
    public int Add(in ReadOnlySequence<byte> record)
    {
        record.CopyTo(Reserve((int)record.Length));
        return Count++;
    }

    public void Complete(long firstSequence)
    {
        FirstSequence = firstSequence;
        End(ValueTaskSourceStatus.Succeeded);
    }

    public void Fail(Exception cause)
    {
        _cause = cause;
        End(ValueTaskSourceStatus.Faulted);
    }

    /// <summary>The sequence of a record, once durable; need not be waited for.</summary>
    public ValueTask<long> SequenceAsync(int index) => new(this, unchecked((short)index));

    ValueTaskSourceStatus IValueTaskSource<long>.GetStatus(short token) => _status;

    long IValueTaskSource<long>.GetResult(short token)
    {
        if (_cause is not null)
        {
            ExceptionDispatchInfo.Throw(_cause);
        }

        return FirstSequence + unchecked((ushort)token);
    }

    void IValueTaskSource<long>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        lock (_gate)
        {
            if (_status == ValueTaskSourceStatus.Pending)
            {
                _waiting.Add((continuation, state));
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        foreach (var (continuation, state) in _waiting)
        {
            continuation(state);
        }
    }

    private void End(ValueTaskSourceStatus status)
    {
        lock (_gate)
        {
            _status = status;
        }

        // Nobody is added any more.
        if (_waiting.Count > 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private Span<byte> Reserve(int length)
    {
        var end = Length + LogBlock.FrameHeaderBytes + length;
        if (end > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(end, 2 * _bytes.Length));
        }

        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(Length), length);
        var payload = _bytes.AsSpan(Length + LogBlock.FrameHeaderBytes, length);
        Length = end;
        return payload;
    }
}
