using System.IO.Pipelines;
using System.Net;
using Pilotage.Broker.Connections;

namespace Pilotage.Broker.Loops;

/// <summary>A connected socket on an event loop.</summary>
internal sealed class LoopWire : LoopItem, IWire
{
    private readonly TaskCompletionSource _drained = new();
    private readonly LoopReader _reader;
    private readonly Action<LoopWire> _serve;
    private Outbox? _outbox;
    private IWireOwner? _owner;
    private bool _blocked;
    private bool _closed;

    /// <param name="loop">Serves it from now on.</param>
    /// <param name="descriptor">Connected and non-blocking; closed by this.</param>
    /// <param name="remote">The peer, where it has an address.</param>
    /// <param name="serve">Called on the loop to begin.</param>
    public LoopWire(EventLoop loop, int descriptor, IPEndPoint? remote, Action<LoopWire> serve)
    {
        Loop = loop;
        Descriptor = descriptor;
        Remote = remote;
        _serve = serve;
        _reader = new(this);
    }

    public EventLoop Loop { get; }

    public int Descriptor { get; }

    public IPEndPoint? Remote { get; }

    public PipeReader Input => _reader;

    /// <summary>Begins.</summary>
    public void Open() => Loop.Request(this, LoopRequests.Open);

    public void Start(Outbox outbox, IWireOwner owner)
    {
        _owner = owner;
        _outbox = outbox;
    }

    public void Wake() => Loop.Request(this, LoopRequests.Send);

    public Task DrainedAsync() => _drained.Task;

    public ValueTask CloseAsync()
    {
        Loop.Request(this, LoopRequests.Close);
        return default;
    }

    public void Abort() => Loop.Request(this, LoopRequests.Abort);

    public override void OnEvents(uint events)
    {
        if ((events & SocketCalls.Out) != 0 && _blocked)
        {
            _blocked = false;
            Send();
        }

        if ((events & ~SocketCalls.Out) != 0)
        {
            _reader.OnReadable((events & ~(SocketCalls.In | SocketCalls.Out)) != 0);
        }
    }

    public override void OnRequests(LoopRequests requests)
    {
        if (_closed)
        {
            return;
        }

        if ((requests & LoopRequests.Open) != 0)
        {
            const uint Both = SocketCalls.In | SocketCalls.Out | SocketCalls.PeerClosed | SocketCalls.EdgeTriggered;
            Loop.Watch(this, Descriptor, Both);
            _serve(this);
        }

        if ((requests & LoopRequests.Abort) != 0)
        {
            SocketCalls.ShutDown(Descriptor);
            Cut("the connection was cut");
        }

        if ((requests & LoopRequests.Read) != 0)
        {
            _reader.Check();
        }

        if ((requests & LoopRequests.Send) != 0 && !_blocked)
        {
            Send();
        }

        if ((requests & LoopRequests.Close) != 0)
        {
            _closed = true;
            _reader.Complete();
            Loop.Forget(this);
            _ = SocketCalls.Close(Descriptor);
        }
    }

    public override void OnFault()
    {
        if (_owner is not null)
        {
            Abort();
            return;
        }

        // Nobody has begun to serve it, so nobody would close it.
        Loop.Request(this, LoopRequests.Close);
    }

    private void Send()
    {
        if (_outbox is not { } outbox)
        {
            return;
        }

        // Seen before the last look at the bytes, so that nothing written before the close stays behind.
        var closed = outbox.IsClosed;
        while (outbox.Peek() is { Count: > 0 } bytes)
        {
            var sent = (int)SocketCalls.Send(Descriptor, bytes);
            if (sent < 0)
            {
                OnError(SocketCalls.LastError);
                return;
            }

            if (outbox.Sent(sent))
            {
                _owner!.HasRoom();
            }
        }

        if (closed)
        {
            _drained.TrySetResult();
        }
    }

    private void OnError(int error)
    {
        switch (error)
        {
            case SocketCalls.EAgain:
                _blocked = true;
                break;
            case SocketCalls.EIntr:
                Wake();
                break;
            default:
                Cut($"writing failed: {SocketCalls.Words(error)}");
                break;
        }
    }

    private void Cut(string why)
    {
        _outbox?.Close(discards: true);
        _owner?.IsCut(why);
        _reader.Fail(new IOException(why));
        _drained.TrySetResult();
    }
}
