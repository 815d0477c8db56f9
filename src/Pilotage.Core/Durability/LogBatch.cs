using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Pilotage.Core.Durability;

/// <summary>Records waiting for one commit, laid out as the block they will become.</summary>
internal sealed class LogBatch
{
    private const int BytesAtFirst = 64 * 1024;

    // Continuations run elsewhere: they must not hold up the thread that writes.
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _bytes;

    public LogBatch(byte[]? buffer) => _bytes = buffer ?? new byte[BytesAtFirst];

    public int Length { get; private set; } = LogBlock.HeaderBytes;

    public int Count { get; private set; }

    /// <summary>Sequence of the first record, known once the batch is durable.</summary>
    public long FirstSequence { get; private set; }

    public byte[] Buffer => _bytes;

    public bool Takes(int recordBytes, int bytesMax) =>
        Count == 0 || Length + LogBlock.FrameHeaderBytes + recordBytes <= bytesMax;

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
        _done.SetResult();
    }

    public void Fail(Exception cause)
    {
        _done.SetException(cause);

        // Whoever appended may have stopped listening; that is no unobserved fault of ours.
        _ = _done.Task.Exception;
    }

    /// <summary>The sequence of a record, once durable.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<long> SequenceAsync(int index)
    {
        await _done.Task;
        return FirstSequence + index;
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
