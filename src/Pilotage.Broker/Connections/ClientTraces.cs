namespace Pilotage.Broker.Connections;

/// <summary>The traces that run, for connections that come in meanwhile.</summary>
internal sealed class ClientTraces
{
    private readonly Lock _gate = new();
    private volatile ClientTrace[] _running = [];

    public void Add(ClientTrace trace)
    {
        lock (_gate)
        {
            _running = [.. _running.Where(other => !other.IsOver), trace];
        }
    }

    /// <summary>The trace that concerns a client, if any does.</summary>
    public ClientTrace? Of(ClientIdentity who) => Array.FindLast(_running, trace => trace.Concerns(who));
}
