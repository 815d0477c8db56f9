using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Pilotage.Broker.Loops;

namespace Pilotage.Broker.Connections;

/// <summary>All connections of a broker, from their first byte to their last.</summary>
internal sealed class ConnectionTable(LinkContext context)
{
    private readonly ConcurrentDictionary<ClientConnection, Task> _running = new();
    private int _open;

    /// <summary>Serves one accepted connection.</summary>
    public Task ServeAsync(ConnectionContext connection, ListenerOptions listener)
    {
        var certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        var remote = listener.EndPoint is UnixDomainSocketEndPoint ? null : connection.RemoteEndPoint as IPEndPoint;
        if (context.Admission.TryBegin(remote?.Address, out var cause) is not { } entry)
        {
            BrokerMetrics.Connect(listener.Name, Protocols.Mqtt.MqttReason.ServerBusy);
            context.Refusals.TurnedAway(cause, listener.Name, remote);
            connection.Abort();
            return Task.CompletedTask;
        }

        return ServeAsync(new(
            new PipeWire(connection.Transport, connection.Abort),
            listener.Name,
            listener.Tls is not null,
            certificate,
            remote,
            listener.Acks,
            entry));
    }

    /// <summary>The same for a socket of our own.</summary>
    public Task ServeAsync(LoopWire wire, ListenerOptions listener) =>
        ServeAsync(new(wire, listener.Name, listener.Tls is not null, wire.Certificate, wire.Remote, listener.Acks, wire.Entry));

    /// <summary>Serves one connection, whatever carries its bytes.</summary>
    public async Task ServeAsync(Transport transport)
    {
        if (Interlocked.Increment(ref _open) > context.Options.ConnectionsMax)
        {
            Interlocked.Decrement(ref _open);
            transport.Entry.Dispose();
            BrokerMetrics.Connect(transport.Listener, Protocols.Mqtt.MqttReason.ServerBusy);
            context.Refusals.TurnedAway(TurnAway.Connections, transport.Listener, transport.Remote);
            await transport.Wire.CloseAsync();
            return;
        }

        var client = new ClientConnection(transport, context);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[client] = ended.Task;
        try
        {
            await client.RunAsync();
        }
        finally
        {
            transport.Entry.Dispose();
            _running.TryRemove(client, out _);
            Interlocked.Decrement(ref _open);
            ended.SetResult();
        }
    }

    /// <summary>Judges the time on each.</summary>
    public void Sweep()
    {
        foreach (var (client, _) in _running)
        {
            client.Sweep();
        }
    }

    /// <summary>Tells every client that the broker stops; completes when all have gone.</summary>
    public async Task EndAllAsync()
    {
        foreach (var (client, _) in _running)
        {
            client.End(Protocols.Mqtt.MqttReason.ServerShuttingDown, "the broker stops");
        }

        await Task.WhenAll(_running.Values);
    }

    /// <summary>Cuts whatever is left.</summary>
    public void AbortAll()
    {
        foreach (var (client, _) in _running)
        {
            client.Abort();
        }
    }
}
