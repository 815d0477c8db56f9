using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Pilotage.Broker.Connections;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Loops;

/// <summary>A listening socket: takes connections and hands them to the loops in turn.</summary>
internal sealed partial class LoopListener : LoopItem
{
    private const int Backlog = 1024;
    private const int AcceptsPerTurn = 64;
    private const int AddressBytes = 128;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly string _name;
    private readonly Socket _socket;
    private readonly int _descriptor;
    private readonly EventLoops _loops;
    private readonly Action<LoopWire> _serve;
    private readonly Admission _admission;
    private readonly RefusalLog _refusals;
    private readonly TimeSpan _handshake;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _again;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStarved;

    /// <summary>Binds and listens; connections are taken from <see cref="Open"/> on.</summary>
    /// <param name="name">For the log.</param>
    /// <param name="at">An IP endpoint, or a Unix socket.</param>
    /// <param name="loops">Serve the connections.</param>
    /// <param name="serve">Called for each connection, on its loop, when its handshake is done.</param>
    /// <param name="admission">Says who may begin.</param>
    /// <param name="refusals">Told of those who may not.</param>
    /// <param name="tls">Handshakes, or none.</param>
    /// <param name="handshake">How long one may take.</param>
    /// <param name="time">Clock of handshakes, and of the pause when descriptors have run out.</param>
    /// <param name="logger">Event id 2121.</param>
    /// <exception cref="IOException">The address cannot be had.</exception>
    public LoopListener(
        string name,
        EndPoint at,
        EventLoops loops,
        Action<LoopWire> serve,
        Admission admission,
        RefusalLog refusals,
        TlsSessions? tls,
        TimeSpan handshake,
        TimeProvider time,
        ILogger logger)
    {
        (_name, _loops, _serve, _logger) = (name, loops, serve, logger);
        (_admission, _refusals, _handshake, _time) = (admission, refusals, handshake, time);
        Tls = tls;
        _socket = Bind(at);
        _descriptor = (int)_socket.SafeHandle.DangerousGetHandle();
        EndPoint = _socket.LocalEndPoint!;
        _again = time.CreateTimer(
            static listener => ((LoopListener)listener!).Ask(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where it really listens.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>Handshakes of its connections; none for plain ones.</summary>
    public TlsSessions? Tls { get; }

    /// <summary>Begins to take connections.</summary>
    public void Open() => _loops.First.Request(this, LoopRequests.Open);

    /// <summary>Takes no more connections; completes when the address is free.</summary>
    public Task CloseAsync()
    {
        _loops.First.Request(this, LoopRequests.Close);
        return _closed.Task;
    }

    /// <summary>A connection can be served; on its loop.</summary>
    public void Serve(LoopWire wire) => _serve(wire);

    /// <summary>Gives a handshake its time.</summary>
    public ITimer Patience(LoopWire wire) => _time.CreateTimer(
        static wire => ((LoopWire)wire!).GiveUp(), wire, _handshake, Timeout.InfiniteTimeSpan);

    /// <summary>A handshake has failed.</summary>
    public void OnRefused(LoopWire wire, string why)
    {
        _admission.Failed(wire.Remote?.Address);
        BrokerMetrics.Connect(_name, MqttReason.NotAuthorized);
        _refusals.RefusedHandshake(_name, wire.Remote, why);
    }

    public override void OnEvents(uint events) => Accept();

    public override void OnTurn() => Accept();

    public override void OnRequests(LoopRequests requests)
    {
        if (_closed.Task.IsCompleted)
        {
            return;
        }

        if ((requests & LoopRequests.Open) != 0)
        {
            _loops.First.Watch(this, _descriptor, SocketCalls.In | SocketCalls.EdgeTriggered);
        }

        if ((requests & LoopRequests.Read) != 0)
        {
            Accept();
        }

        if ((requests & LoopRequests.Close) != 0)
        {
            _loops.First.Forget(this);
            _socket.Dispose();
            _again.Dispose();
            Tls?.Dispose();
            _closed.SetResult();
        }
    }

    /// <summary>Whatever was wrong with one connection, the next is taken.</summary>
    public override void OnFault() => _again.Change(Pause, Timeout.InfiniteTimeSpan);

    private static Socket Bind(EndPoint at)
    {
        var unix = at is UnixDomainSocketEndPoint;
        var socket = new Socket(at.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (at is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Blocking = false;
            socket.Bind(at);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            throw new IOException($"Failed to bind to address {at}: {refused.Message}.", refused);
        }
    }

    private void Ask() => _loops.First.Request(this, LoopRequests.Read);

    private void Accept()
    {
        Span<byte> address = stackalloc byte[AddressBytes];
        for (var i = 0; i < AcceptsPerTurn; i++)
        {
            if (_loops.AreBehind)
            {
                // The kernel keeps those who knock, and tells more of them to come again, until there is time for them.
                _loops.First.Later(this);
                return;
            }

            if (_isStarved && Descriptors.AreShort)
            {
                _again.Change(Pause, Timeout.InfiniteTimeSpan);
                return;
            }

            var descriptor = SocketCalls.Accept(_descriptor, address, out var bytes);
            if (descriptor < 0)
            {
                OnError(SocketCalls.LastError);
                return;
            }

            Judge(descriptor);
            var remote = bytes > sizeof(ushort) ? SocketCalls.EndPointOf(address[..bytes]) : null;
            if (_admission.TryBegin(remote?.Address, out var cause) is not { } entry)
            {
                BrokerMetrics.Connect(_name, MqttReason.ServerBusy);
                _refusals.TurnedAway(cause, _name, remote);
                _ = SocketCalls.Close(descriptor);
                continue;
            }

            if (remote is not null)
            {
                SocketCalls.SetNoDelay(descriptor);
            }

            new LoopWire(this, _loops.Next(), descriptor, remote, entry).Open();
        }

        // There may be more, and others wait too.
        Ask();
    }

    /// <summary>
    /// The connection that takes the first of the descriptors that are kept for files is served still; those after it wait
    /// in the kernel's queue until some are free again.
    /// </summary>
    private void Judge(int descriptor)
    {
        if (Descriptors.IsShort(descriptor))
        {
            Starve($"{descriptor} of {Descriptors.Most} file descriptors are taken, and {Descriptors.Kept} are kept for files");
        }
        else if (_isStarved)
        {
            _isStarved = false;
            Log.DescriptorsAgain(_logger, _name);
        }
    }

    /// <summary>Said once, however often it is tried again.</summary>
    private void Starve(string why)
    {
        if (!_isStarved)
        {
            _isStarved = true;
            BrokerMetrics.DescriptorsShort(_name);
            Log.NoDescriptors(_logger, _name, why);
        }
    }

    private void OnError(int error)
    {
        switch (error)
        {
            case SocketCalls.EAgain:
                break;
            case SocketCalls.ENFile or SocketCalls.EMFile:
                Starve(SocketCalls.Words(error));
                _again.Change(Pause, Timeout.InfiniteTimeSpan);
                break;
            default:
                // That one connection failed before it was taken (accept(2)): the next may not.
                Ask();
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2121, LogLevel.Error, "Listener {Listener} lets new connections wait: {Why}. Those that are open are served.")]
        public static partial void NoDescriptors(ILogger logger, string listener, string why);

        [LoggerMessage(2123, LogLevel.Information, "Listener {Listener} takes connections again.")]
        public static partial void DescriptorsAgain(ILogger logger, string listener);
    }
}
