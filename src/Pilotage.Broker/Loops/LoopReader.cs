using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Pilotage.Broker.Loops;

/// <summary>
/// Bytes from a socket as they come, straight from the loop's buffer; only what a packet's reader leaves over is copied.
/// An answer continues the reader on the loop's thread, at once.
/// </summary>
internal sealed class LoopReader(LoopWire wire) : PipeReader, IValueTaskSource<ReadResult>
{
    private const int Readable = 1;
    private const int Armed = 2;
    private const int Cancelled = 4;
    private const int FirstBytes = 4 * 1024;

    private ManualResetValueTaskSourceCore<ReadResult> _source;
    private ReadOnlySequence<byte> _view;
    private byte[]? _rest;
    private int _restBytes;
    private bool _unread;
    private bool _ended;
    private bool _peerClosed;
    private Exception? _fault;
    private int _state;
    private bool _lent;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var result))
        {
            return new(result);
        }

        return cancellationToken.CanBeCanceled ? CancellableAsync(cancellationToken) : Arm();
    }

    public override bool TryRead(out ReadResult result)
    {
        if ((Volatile.Read(ref _state) & Cancelled) != 0)
        {
            Interlocked.And(ref _state, ~Cancelled);
            result = new(_view = Rest(), isCanceled: true, _ended);
            return true;
        }

        if (_unread || _ended)
        {
            result = new(_view = Rest(), isCanceled: false, _ended);
            return true;
        }

        result = default;
        return false;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var rest = _view.Slice(consumed);
        _unread = !_view.Slice(examined).IsEmpty;
        Keep(rest.FirstSpan);
        _view = default;

        // Only now: the loop may use its buffer again.
        Volatile.Write(ref _lent, false);
    }

    public override void CancelPendingRead()
    {
        Interlocked.Or(ref _state, Cancelled);
        wire.Loop.Request(wire, LoopRequests.Read);
    }

    public override void Complete(Exception? exception = null)
    {
        if (_rest is not null)
        {
            ArrayPool<byte>.Shared.Return(_rest);
            _rest = null;
        }
    }

    /// <summary>On the loop: something has arrived, or the peer has closed.</summary>
    public void OnReadable(bool peerClosed)
    {
        _peerClosed |= peerClosed;
        if ((Interlocked.Or(ref _state, Readable) & Armed) != 0)
        {
            Receive();
        }
    }

    /// <summary>On the loop: answers the read that waits, if it can be.</summary>
    public void Check()
    {
        var state = Volatile.Read(ref _state);
        if ((state & Armed) == 0)
        {
            return;
        }

        if ((state & Cancelled) != 0)
        {
            Interlocked.And(ref _state, ~(Armed | Cancelled));
            Answer(new(_view = Rest(), isCanceled: true, _ended));
        }
        else if (_fault is not null || (state & Readable) != 0)
        {
            Receive();
        }
    }

    /// <summary>On the loop: no more bytes will come; a read that waits ends with the fault.</summary>
    public void Fail(Exception fault)
    {
        _fault ??= fault;
        Interlocked.Or(ref _state, Readable);
        Check();
    }

    public ReadResult GetResult(short token)
    {
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            _source.Reset();
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private ValueTask<ReadResult> Arm()
    {
        var read = new ValueTask<ReadResult>(this, _source.Version);
        if ((Interlocked.Or(ref _state, Armed) & (Readable | Cancelled)) != 0)
        {
            wire.Loop.Request(wire, LoopRequests.Read);
        }

        return read;
    }

    private async ValueTask<ReadResult> CancellableAsync(CancellationToken cancellation)
    {
        using (cancellation.UnsafeRegister(static reader => ((LoopReader)reader!).CancelPendingRead(), this))
        {
            var result = await Arm();
            if (result.IsCanceled)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            return result;
        }
    }

    private void Receive()
    {
        Debug.Assert(wire.Loop.IsCurrent, "Two receivers would mix the bytes.");
        if (_fault is { } fault)
        {
            Interlocked.And(ref _state, ~Armed);
            _source.SetException(fault);
            return;
        }

        var direct = _restBytes == 0;
        var into = direct ? wire.Loop.Buffer : Grown();
        var room = into.AsSpan(_restBytes);
        var (got, flow, why) = wire.Receive(room);
        switch (flow)
        {
            case Flow.Waits:
                Interlocked.And(ref _state, ~Readable);
                return;
            case Flow.Lost:
                Fail(new IOException($"the connection is lost: {why}"));
                return;
            case Flow.Drained when !_peerClosed:
                Interlocked.And(ref _state, ~Readable);
                break;
        }

        _ended = flow == Flow.Ended;
        Interlocked.And(ref _state, ~Armed);
        if (direct)
        {
            _view = new(into, 0, got);
            Volatile.Write(ref _lent, true);
        }
        else
        {
            _restBytes += got;
            _view = Rest();
        }

        Answer(new(_view, isCanceled: false, _ended));
        if (direct && Volatile.Read(ref _lent))
        {
            // Its reader waits for something; whether it is done with the bytes by now does not matter.
            wire.Loop.GiveAway();
        }
    }

    private void Answer(in ReadResult result) => _source.SetResult(result);

    private ReadOnlySequence<byte> Rest() => _restBytes == 0 ? default : new(_rest!, 0, _restBytes);

    private byte[] Grown()
    {
        if (_rest!.Length - _restBytes >= FirstBytes / 2)
        {
            return _rest;
        }

        // Bounded by the largest packet: its reader refuses a larger one from its first bytes.
        var larger = ArrayPool<byte>.Shared.Rent(2 * _rest.Length);
        _rest.AsSpan(0, _restBytes).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_rest);
        return _rest = larger;
    }

    private void Keep(ReadOnlySpan<byte> left)
    {
        if (left.IsEmpty)
        {
            _restBytes = 0;
            if (_rest is not null)
            {
                ArrayPool<byte>.Shared.Return(_rest);
                _rest = null;
            }

            return;
        }

        if (_rest is null)
        {
            _rest = ArrayPool<byte>.Shared.Rent(Math.Max(FirstBytes, left.Length + (FirstBytes / 2)));
        }

        // Within one array the copy moves towards the front.
        left.CopyTo(_rest);
        _restBytes = left.Length;
    }
}
