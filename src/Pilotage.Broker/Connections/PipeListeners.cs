using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pilotage.Broker.Connections;

/// <summary>Kestrel's transports, TLS and HTTP upgrades, with our connections in place of HTTP.</summary>
internal sealed class PipeListeners : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly List<(ListenerOptions Options, ListenOptions Bound)> _bound = [];

    private PipeListeners(WebApplication host) => _host = host;

    /// <summary>Where each listener listens.</summary>
    public IReadOnlyList<BoundEndpoint> Endpoints =>
        [.. _bound.Select(pair => new BoundEndpoint(pair.Options.Name, pair.Bound.EndPoint))];

    /// <summary>Opens all that are given, or none.</summary>
    public static async Task<PipeListeners> OpenAsync(
        IReadOnlyList<ListenerOptions> wanted,
        BrokerOptions options,
        BrokerHooks hooks,
        ConnectionTable connections,
        WebSocketGate gate,
        ILoggerFactory logs,
        CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(logs);
        var bound = new List<(ListenerOptions, ListenOptions)>();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Ours is reached first, and says so. Kestrel's, which closes without a word to anybody, is for what connects and
            // never asks to be upgraded.
            kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax + options.HalfOpenPerAddressMax;
            kestrel.Limits.MaxConcurrentUpgradedConnections = options.ConnectionsMax + options.HalfOpenPerAddressMax;
            kestrel.Limits.RequestHeadersTimeout = options.ConnectTimeout;
            foreach (var listener in wanted)
            {
                Listen(kestrel, listener, configured =>
                {
                    if (listener.Tls is { } tls)
                    {
                        Secure(configured, listener, tls, options, hooks);
                    }

                    Serve(configured, listener, connections);
                    bound.Add((listener, configured));
                });
            }
        });

        // Our hosts handle signals themselves; this inner host must not.
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, NoLifetime>();
        var host = builder.Build();
        if (wanted.Any(listener => listener.WebSocket is not null))
        {
            host.UseWebSockets();
            host.Run(gate.ServeAsync);
        }

        try
        {
            await host.StartAsync(cancellation);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        var listeners = new PipeListeners(host);
        listeners._bound.AddRange(bound);
        return listeners;
    }

    /// <summary>Stops accepting; connections that are open stay so.</summary>
    public Task CloseAsync(CancellationToken cancellation) => _host.StopAsync(cancellation);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static void Listen(KestrelServerOptions kestrel, ListenerOptions listener, Action<ListenOptions> configure)
    {
        if (listener.EndPoint is UnixDomainSocketEndPoint unix)
        {
            kestrel.ListenUnixSocket(unix.ToString()!, configure);
        }
        else
        {
            kestrel.Listen(listener.EndPoint, configure);
        }
    }

    private static void Serve(ListenOptions configured, ListenerOptions listener, ConnectionTable connections)
    {
        if (listener.WebSocket is null)
        {
            configured.Run(connection => connections.ServeAsync(connection, listener));
            return;
        }

        configured.Protocols = HttpProtocols.Http1;
        configured.Use(next => Descriptors.KeepAll(next, listener.Name));
        configured.Use(next => connection =>
        {
            connection.Features.Set(new WebSocketGate.Origin(listener));
            return next(connection);
        });
    }

    private static void Secure(
        ListenOptions configured,
        ListenerOptions listener,
        TlsListenerOptions tls,
        BrokerOptions options,
        BrokerHooks hooks)
    {
        var handshakes = new TlsHandshakes(listener, tls, hooks);
        configured.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = options.HandshakeTimeout,
            OnConnection = _ => new(handshakes.Options()),
        });
    }

    private sealed class NoLifetime : Microsoft.Extensions.Hosting.IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
