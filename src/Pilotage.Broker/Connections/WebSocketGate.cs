using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <summary>Turns HTTP upgrades into connections: MQTT in binary frames, packets cut as the frames happen to fall.</summary>
internal sealed class WebSocketGate(ConnectionTable connections, LinkContext context)
{
    private const string Protocol = "mqtt";
    private const int DiscardBytes = 512;

    /// <summary>Which listener a request came by.</summary>
    public sealed record Origin(ListenerOptions Listener);

    /// <summary>Answers one HTTP request.</summary>
    public async Task ServeAsync(HttpContext http)
    {
        if (http.Features.Get<Origin>() is not { Listener: { WebSocket: { } policy } listener })
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (Refusal(http, policy) is { } refusal)
        {
            http.Response.StatusCode = refusal;
            return;
        }

        var remote = listener.EndPoint is UnixDomainSocketEndPoint || http.Connection.RemoteIpAddress is not { } ip
            ? null
            : new IPEndPoint(ip, http.Connection.RemotePort);
        using var entry = context.Admission.TryBegin(remote?.Address, out var cause);
        if (entry is null)
        {
            BrokerMetrics.Connect(listener.Name, MqttReason.ServerBusy);
            context.Refusals.TurnedAway(cause, listener.Name, remote);
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        // MQTT has a keep alive of its own.
        var socket = await http.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { SubProtocol = Protocol, KeepAliveInterval = TimeSpan.Zero });
        try
        {
            await ServeAsync(http, socket, listener, remote, entry);
        }
        finally
        {
            socket.Dispose();
        }
    }

    private async Task ServeAsync(
        HttpContext http, WebSocket socket, ListenerOptions listener, IPEndPoint? remote, Admission.HalfOpen entry)
    {
        var incoming = new Pipe(new PipeOptions(useSynchronizationContext: false));
        var reading = ReadAsync(socket, incoming.Writer);
        await using (var output = WebSocketStream.Create(socket, WebSocketMessageType.Binary))
        {
            await connections.ServeAsync(new(
                new PipeWire(new Duplex(incoming.Reader, PipeWriter.Create(output, new(leaveOpen: true))), http.Abort),
                listener.Name,
                listener.Tls is not null,
                http.Connection.ClientCertificate,
                remote,
                listener.Acks,
                entry));
        }

        await CloseAsync(socket, reading);
    }

    private static int? Refusal(HttpContext http, WebSocketListenerOptions policy)
    {
        if (http.Request.Path != policy.Path)
        {
            return StatusCodes.Status404NotFound;
        }

        if (!http.WebSockets.IsWebSocketRequest)
        {
            http.Response.Headers.Upgrade = "websocket";
            return StatusCodes.Status426UpgradeRequired;
        }

        if (!IsOriginAllowed(http.Request, policy))
        {
            return StatusCodes.Status403Forbidden;
        }

        // The client must offer the protocol, and the server must name it (MQTT-6.0.0-3, MQTT-6.0.0-4).
        return http.WebSockets.WebSocketRequestedProtocols.Contains(Protocol)
            ? null
            : StatusCodes.Status400BadRequest;
    }

    private static bool IsOriginAllowed(HttpRequest request, WebSocketListenerOptions policy)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || policy.Origins.Contains("*")
            || policy.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase)
            || string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)

            // Some clients that are no browsers say https by ws too; a browser keeps its secure pages from doing so.
            || string.Equals(origin, $"https://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Frames in, bytes out. A text frame ends the connection (MQTT-6.0.0-1); what comes after the end is thrown away,
    /// up to the peer's goodbye.
    /// </summary>
    private static async Task ReadAsync(WebSocket socket, PipeWriter into)
    {
        var rest = new byte[DiscardBytes];
        var open = true;
        try
        {
            while (true)
            {
                var room = open ? into.GetMemory() : rest;
                var got = await socket.ReceiveAsync(room, CancellationToken.None);
                if (got.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }

                if (open && got.MessageType == WebSocketMessageType.Binary)
                {
                    into.Advance(got.Count);
                    open = !(await into.FlushAsync(CancellationToken.None)).IsCompleted;
                }
                else if (open)
                {
                    open = false;
                    await into.CompleteAsync();
                }
            }
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or ObjectDisposedException
            or IOException)
        {
            // The peer is gone; the end of the bytes says so.
        }

        await into.CompleteAsync();
    }

    private async Task CloseAsync(WebSocket socket, Task reading)
    {
        using var patience = new CancellationTokenSource(context.Options.DrainTimeout, context.Time);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
            }

            await reading.WaitAsync(patience.Token);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or IOException)
        {
            // It does not say goodbye.
        }

        socket.Abort();
        await reading;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
