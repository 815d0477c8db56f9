using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Broker.Connections;

namespace Pilotage.Broker.Loops;

/// <summary>A connected socket on an event loop, with TLS over it where its listener has it.</summary>
internal sealed class LoopWire : LoopItem, IWire
{
    private readonly LoopListener _listener;
    private readonly TaskCompletionSource _drained = new();
    private readonly LoopReader _reader;
    private TlsSession? _tls;
    private ITimer? _patience;
    private Outbox? _outbox;
    private IWireOwner? _owner;
    private bool _blocked;
    private bool _closed;

    /// <param name="listener">Took it, and is told when it can be served.</param>
    /// <param name="loop">Serves it from now on.</param>
    /// <param name="descriptor">Connected and non-blocking; closed by this.</param>
    /// <param name="remote">The peer, where it has an address.</param>
    /// <param name="entry">Given up when it is closed, if it has not come in before.</param>
    public LoopWire(LoopListener listener, EventLoop loop, int descriptor, IPEndPoint? remote, Admission.HalfOpen entry)
    {
        Entry = entry;
        _listener = listener;
        Loop = loop;
        Descriptor = descriptor;
        Remote = remote;
        _reader = new(this);
    }

    public EventLoop Loop { get; }

    public int Descriptor { get; }

    public IPEndPoint? Remote { get; }

    /// <summary>Its place among those that have not come in yet.</summary>
    public Admission.HalfOpen Entry { get; }

    /// <summary>The client's certificate, where it showed one.</summary>
    public X509Certificate2? Certificate => _tls?.Certificate;

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

    /// <summary>A handshake that is not done by now will not be. From any thread.</summary>
    public void GiveUp() => Loop.Request(this, LoopRequests.GiveUp);

    public void Abort() => Loop.Request(this, LoopRequests.Abort);

    public override void OnEvents(uint events)
    {
        if (_tls is { IsOpen: false })
        {
            Loop.Later(this);
            return;
        }

        if ((events & SocketCalls.Out) != 0 && _blocked)
        {
            _blocked = false;
            Send();
        }

        if ((events & ~SocketCalls.Out) != 0 || _tls is { ReadWaitsForRoom: true })
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
            Begin();
        }

        if ((requests & LoopRequests.Abort) != 0)
        {
            SocketCalls.ShutDown(Descriptor);
            Cut("the connection was cut");
        }

        if ((requests & LoopRequests.GiveUp) != 0 && _tls is { IsOpen: false })
        {
            Refuse("it took too long");
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
            _patience?.Dispose();
            Entry.Dispose();
            _reader.Complete();
            Loop.Forget(this);
            _tls?.Close();
            _ = SocketCalls.Close(Descriptor);
        }
    }

    /// <summary>Goes on with the handshake, in its turn.</summary>
    public override void OnTurn()
    {
        if (_closed || _tls is not { IsOpen: false } tls)
        {
            return;
        }

        var (_, flow, why) = tls.Shake();
        switch (flow)
        {
            case Flow.Waits:
                break;
            case Flow.Lost:
                Refuse(why!);
                break;
            default:
                _patience!.Dispose();

                // What came with the handshake's last bytes has been reported already.
                _reader.OnReadable(peerClosed: false);
                _listener.Serve(this);
                break;
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

    /// <summary>On the loop: takes bytes off the socket.</summary>
    public Carried Receive(Span<byte> room)
    {
        if (_tls is { } tls)
        {
            return tls.Receive(room);
        }

        while (true)
        {
            var got = (int)SocketCalls.Receive(Descriptor, room);
            if (got >= 0)
            {
                return new(got, got == 0 ? Flow.Ended : got < room.Length ? Flow.Drained : Flow.More);
            }

            if (SocketCalls.LastError != SocketCalls.EIntr)
            {
                return Stopped(SocketCalls.LastError);
            }
        }
    }

    private static Carried Stopped(int error) =>
        error == SocketCalls.EAgain ? new(0, Flow.Waits) : new(0, Flow.Lost, SocketCalls.Words(error));

    private void Begin()
    {
        if (_listener.Tls is not { } sessions)
        {
            _listener.Serve(this);
            return;
        }

        try
        {
            _tls = sessions.Open(Descriptor);
        }
        catch (IOException fault)
        {
            Refuse(fault.Message);
            return;
        }

        _patience = _listener.Patience(this);
        Loop.Later(this);
    }

    private void Refuse(string why)
    {
        _listener.OnRefused(this, why);
        Loop.Request(this, LoopRequests.Close);
    }

    private Carried SendOnce(ReadOnlySpan<byte> bytes)
    {
        if (_tls is { } tls)
        {
            return tls.Send(bytes);
        }

        while (true)
        {
            var sent = (int)SocketCalls.Send(Descriptor, bytes);
            if (sent >= 0)
            {
                return new(sent, Flow.More);
            }

            if (SocketCalls.LastError != SocketCalls.EIntr)
            {
                return Stopped(SocketCalls.LastError);
            }
        }
    }

    private void Send()
    {
        if (_outbox is not { } outbox)
        {
            return;
        }

        // Seen before the last look at the bytes, so that nothing written before the close stays behind.
        var closed = outbox.IsClosed;
        var bytes = outbox.Peek();
        while (bytes.Count > 0)
        {
            var (sent, flow, why) = SendOnce(bytes);
            if (flow == Flow.Waits)
            {
                _blocked = true;
                return;
            }

            if (flow == Flow.Lost)
            {
                Cut($"writing failed: {why}");
                return;
            }

            if (outbox.Sent(sent, out bytes))
            {
                _owner!.HasRoom();
            }
        }

        if (closed)
        {
            _drained.TrySetResult();
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
