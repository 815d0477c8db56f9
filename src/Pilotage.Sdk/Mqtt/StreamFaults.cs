using System.Net.Sockets;
using System.Net.WebSockets;

namespace Pilotage.Sdk.Mqtt;

/// <summary>How a stream says that its peer is gone: each kind in words of its own.</summary>
internal static class StreamFaults
{
    /// <summary>
    /// Whether a fault is the loss of a connection. A closed outbox or pipe is an invalid operation; a WebSocket that was cut
    /// calls reading and writing not supported.
    /// </summary>
    public static bool IsLoss(Exception fault) => fault is IOException or SocketException or WebSocketException
        or OperationCanceledException or InvalidOperationException or NotSupportedException;
}
