using System.Net;
using System.Net.Sockets;

namespace Pilotage.Sdk;

/// <summary>Where a broker listens: a host and port, with or without WebSocket, or a Unix socket.</summary>
public sealed record MqttEndpoint
{
    private MqttEndpoint(string host, int port, string? path, string? webSocketPath = null)
    {
        Host = host;
        Port = port;
        UnixPath = path;
        WebSocketPath = webSocketPath;
    }

    /// <summary>Host name or address; empty for a Unix socket.</summary>
    public string Host { get; }

    /// <summary>Port; 0 for a Unix socket.</summary>
    public int Port { get; }

    /// <summary>Path of the Unix socket; nothing for TCP.</summary>
    public string? UnixPath { get; }

    /// <summary>Path of the WebSocket; nothing for MQTT on the bare connection.</summary>
    public string? WebSocketPath { get; }

    /// <summary>A broker behind WebSockets: <c>wss</c> when the client has TLS options, <c>ws</c> otherwise.</summary>
    /// <param name="host">Host name or address.</param>
    /// <param name="port">1 to 65,535.</param>
    /// <param name="path">Begins with a slash.</param>
    public static MqttEndpoint WebSocket(string host, int port, string path = "/mqtt")
    {
        if (path is not ['/', ..])
        {
            throw new ArgumentException($"\"{path}\" is no path; it must begin with a slash.", nameof(path));
        }

        var (name, number) = (Tcp(host, port).Host, port);
        return new(name, number, null, path);
    }

    /// <summary>A broker on the network; usual ports are 8883 with TLS and 1883 without.</summary>
    /// <param name="host">Host name or address.</param>
    /// <param name="port">1 to 65,535.</param>
    public static MqttEndpoint Tcp(string host, int port)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, IPEndPoint.MaxPort);
        return new(host, port, null);
    }

    /// <summary>A broker on this machine.</summary>
    /// <param name="path">At most about 100 bytes, by a limit of the operating system.</param>
    public static MqttEndpoint Unix(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new("", 0, path);
    }

    /// <summary>As people write it: <c>host:port</c>, <c>host:port/path</c> or <c>unix:path</c>.</summary>
    public override string ToString() => UnixPath is null ? $"{Host}:{Port}{WebSocketPath}" : $"unix:{UnixPath}";

    internal EndPoint ToEndPoint() => UnixPath is not null
        ? new UnixDomainSocketEndPoint(UnixPath)
        : IPAddress.TryParse(Host, out var address) ? new IPEndPoint(address, Port) : new DnsEndPoint(Host, Port);
}
