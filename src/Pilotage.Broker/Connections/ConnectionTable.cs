using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Pilotage.Broker.Connections;

/// <summary>All connections of a broker, from their first byte to their last.</summary>
internal sealed class ConnectionTable(LinkContext context)
{
    private readonly ConcurrentDictionary<ClientConnection, Task> _running = new();

    /// <summary>Serves one accepted connection.</summary>
    public Task ServeAsync(ConnectionContext connection, ListenerOptions listener)
    {
        var certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        var remote = listener.EndPoint is UnixDomainSocketEndPoint ? null : connection.RemoteEndPoint as IPEndPoint;
        return ServeAsync(new(
            connection.Transport,
            listener.Name,
            listener.Tls is not null,
            certificate,
            remote,
            listener.Acks,
            connection.Abort));
    }

    /// <summary>Serves one connection, whatever carries its bytes.</summary>
    public async Task ServeAsync(Transport transport)
    {
        var client = new ClientConnection(transport, context);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[client] = ended.Task;
        try
        {
            await client.RunAsync();
        }
        finally
        {
            _running.TryRemove(client, out _);
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
