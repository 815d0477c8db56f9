using System.Net;

namespace Pilotage.Broker;

/// <summary>Where a listener really listens; the port is the one that was given for port 0.</summary>
public sealed record BoundEndpoint(string Listener, EndPoint EndPoint)
{
    /// <summary>The port, 0 for a Unix socket.</summary>
    public int Port => (EndPoint as IPEndPoint)?.Port ?? 0;
}
