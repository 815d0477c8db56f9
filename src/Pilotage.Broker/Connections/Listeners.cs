using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Pilotage.Broker.Loops;

namespace Pilotage.Broker.Connections;

/// <summary>
/// All listening sockets. Our own event loops carry plain connections, and TLS where OpenSSL 3 is there (Linux); Kestrel
/// carries WebSocket, and everything elsewhere.
/// </summary>
internal sealed class Listeners : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly BrokerOptions _options;
    private readonly List<(string Name, LoopListener Socket)> _looped = [];
    private EventLoops? _loops;
    private PipeListeners? _piped;

    private Listeners(BrokerOptions options) => _options = options;

    /// <summary>Where each listener listens, in the order of the options.</summary>
    public IReadOnlyList<BoundEndpoint> Endpoints
    {
        get
        {
            var bound = _looped.Select(own => new BoundEndpoint(own.Name, own.Socket.EndPoint))
                .Concat(_piped?.Endpoints ?? [])
                .ToDictionary(endpoint => endpoint.Listener, StringComparer.Ordinal);
            return [.. _options.Listeners.Select(listener => bound[listener.Name])];
        }
    }

    /// <summary>Opens all listeners, or none.</summary>
    public static async Task<Listeners> OpenAsync(
        BrokerOptions options,
        BrokerHooks hooks,
        ConnectionTable connections,
        Admission admission,
        RefusalLog refusals,
        WebSocketGate gate,
        TimeProvider time,
        ILoggerFactory logs,
        CancellationToken cancellation)
    {
        foreach (var listener in options.Listeners)
        {
            ClearStaleSocket(listener);
        }

        var listeners = new Listeners(options);
        try
        {
            listeners.OpenLooped(hooks, connections, admission, refusals, time, logs);
            var piped = options.Listeners.Where(listener => !IsLooped(listener)).ToList();
            if (piped.Count > 0)
            {
                listeners._piped = await PipeListeners.OpenAsync(
                    piped, options, hooks, connections, gate, logs, cancellation);
            }
        }
        catch
        {
            await listeners.CloseAsync(CancellationToken.None);
            await listeners.DisposeAsync();
            throw;
        }

        foreach (var unix in options.Listeners.Select(l => l.EndPoint).OfType<UnixDomainSocketEndPoint>())
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(unix.ToString()!, OwnerOnly);
            }
        }

        foreach (var (_, socket) in listeners._looped)
        {
            socket.Open();
        }

        return listeners;
    }

    /// <summary>Stops accepting; connections that are open stay so.</summary>
    public async Task CloseAsync(CancellationToken cancellation)
    {
        foreach (var (_, socket) in _looped)
        {
            await socket.CloseAsync();
        }

        if (_piped is not null)
        {
            await _piped.CloseAsync(cancellation);
        }
    }

    /// <summary>The last call, when no connection is left.</summary>
    public async ValueTask DisposeAsync()
    {
        _loops?.Dispose();
        if (_piped is not null)
        {
            await _piped.DisposeAsync();
        }
    }

    private static bool IsLooped(ListenerOptions listener) =>
        OperatingSystem.IsLinux() && listener.WebSocket is null && (listener.Tls is not { } tls || TlsSessions.CanServe(tls));

    private void OpenLooped(
        BrokerHooks hooks,
        ConnectionTable connections,
        Admission admission,
        RefusalLog refusals,
        TimeProvider time,
        ILoggerFactory logs)
    {
        var logger = logs.CreateLogger<EventLoop>();
        foreach (var listener in _options.Listeners.Where(IsLooped))
        {
            _loops ??= new(_options.LoopCount, logger);
            void Serve(LoopWire wire) => _ = connections.ServeAsync(wire, listener);
            var tls = listener.Tls is { } asked ? new TlsSessions(asked, shown => hooks.TrustsCertificate(listener.Name, shown), time) : null;
            _looped.Add((
                listener.Name,
                new(listener.Name, listener.EndPoint, _loops, Serve, admission, refusals, tls, _options.HandshakeTimeout, time, logger)));
        }
    }

    /// <summary>
    /// A killed process leaves its socket file behind, and binding would fail. One that still answers belongs to a
    /// living broker and stays.
    /// </summary>
    private static void ClearStaleSocket(ListenerOptions listener)
    {
        if (listener.EndPoint is not UnixDomainSocketEndPoint unix || !File.Exists(unix.ToString()))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(unix);
        }
        catch (SocketException)
        {
            // A socket has no length. A file that has one is somebody's data, and binding then fails with its name.
            if (new FileInfo(unix.ToString()!).Length == 0)
            {
                File.Delete(unix.ToString()!);
            }
        }
    }
}
