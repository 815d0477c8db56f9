using System.Buffers;
using System.Diagnostics;

namespace Pilotage.Broker.Connections;

/// <summary>
/// What one connection is to be sent, as bytes. Any thread writes whole packets under <see cref="Gate"/>; one carrier
/// takes them off the front. Holds no memory while empty.
/// </summary>
/// <param name="packetsMax">Waiting packets past which messages are not taken.</param>
/// <param name="bytesMax">The same in bytes; one message is taken by an empty outbox whatever its size.</param>
internal sealed class Outbox(int packetsMax, int bytesMax) : IBufferWriter<byte>
{
    private const int EagerBytes = 512;

    private ByteChunk? _first;
    private ByteChunk? _last;
    private int _packets;
    private long _bytes;
    private int _lately;
    private bool _closed;
    private bool _awaited;
    private TaskCompletionSource? _room;

    private ArraySegment<byte> Front =>
        _first is { } chunk ? new(chunk.Bytes, chunk.Start, chunk.End - chunk.Start) : default;

    /// <summary>Held while a packet is written.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Whether nothing more is taken.</summary>
    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>Whether more waits than should: whoever causes answers must wait for <see cref="UntilRoomAsync"/>.</summary>
    public bool IsOver => Volatile.Read(ref _packets) >= packetsMax || Volatile.Read(ref _bytes) > bytesMax;

    /// <summary>Under the gate: whether a message of that size may be written. After a no, room is told when it is there.</summary>
    public bool HasRoom(int bytes)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "Room may be gone the next moment.");
        if (_packets < packetsMax && (_bytes == 0 || _bytes + bytes <= bytesMax))
        {
            return true;
        }

        _awaited = true;
        return false;
    }

    /// <summary>Under the gate, after each packet.</summary>
    public void EndPacket()
    {
        _last!.Packets++;
        _packets++;
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => Room(sizeHint).Bytes.AsSpan(_last!.End);

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) => Room(sizeHint).Bytes.AsMemory(_last!.End);

    /// <inheritdoc/>
    public void Advance(int count)
    {
        _last!.End += count;
        _bytes += count;
    }

    /// <summary>The bytes at the front; they stay as they are until <see cref="Sent(int)"/>. Nothing when all are sent.</summary>
    public ArraySegment<byte> Peek()
    {
        lock (Gate)
        {
            return Front;
        }
    }

    /// <summary>Takes bytes off the front; true when room has come that somebody was refused.</summary>
    public bool Sent(int bytes) => Sent(bytes, out _);

    /// <summary>The same with what is at the front then, as <see cref="Peek"/> would tell.</summary>
    public bool Sent(int bytes, out ArraySegment<byte> next)
    {
        TaskCompletionSource? room = null;
        next = default;
        bool told;
        lock (Gate)
        {
            if (_first is not { } chunk)
            {
                // Thrown away meanwhile.
                return false;
            }

            chunk.Start += bytes;
            _bytes -= bytes;
            if (chunk.Start == chunk.End)
            {
                TakeOff(chunk);
            }

            next = Front;
            told = _awaited && _packets <= packetsMax / 2 && _bytes <= bytesMax / 2;
            if (told)
            {
                _awaited = false;
                (room, _room) = (_room, null);
            }
        }

        room?.SetResult();
        return told;
    }

    /// <summary>Completes at once unless <see cref="IsOver"/>; otherwise when half is free, or the outbox is closed.</summary>
    public Task UntilRoomAsync()
    {
        lock (Gate)
        {
            if (_closed || !IsOver)
            {
                return Task.CompletedTask;
            }

            _awaited = true;
            _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    /// <summary>Takes nothing more; what is in it is still sent, unless it is thrown away.</summary>
    public void Close(bool discards = false)
    {
        TaskCompletionSource? room;
        lock (Gate)
        {
            Volatile.Write(ref _closed, true);
            (room, _room) = (_room, null);
            while (discards && _first is { } chunk)
            {
                // The carrier may still read the first one's bytes: it is not used again.
                _first = chunk.Next;
                _packets = 0;
                _bytes = 0;
            }

            _last = _first is null ? null : _last;
        }

        room?.SetResult();
    }

    private void TakeOff(ByteChunk chunk)
    {
        _packets -= chunk.Packets;
        _first = chunk.Next;
        _last = _first is null ? null : _last;
        _lately = chunk.End;
        ByteChunks.Return(chunk);
    }

    private ByteChunk Room(int bytes)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "Packets must not mix.");
        if (_last is { } last && last.Free >= Math.Max(bytes, 1))
        {
            return last;
        }

        // Whoever had much to send lately will again.
        var eager = _last is not null || _lately >= EagerBytes;
        var chunk = ByteChunks.Rent(eager ? Math.Max(bytes, EagerBytes + 1) : bytes);
        if (_last is null)
        {
            _first = chunk;
        }
        else
        {
            _last.Next = chunk;
        }

        return _last = chunk;
    }
}
