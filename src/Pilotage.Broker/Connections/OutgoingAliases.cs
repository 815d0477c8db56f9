namespace Pilotage.Broker.Connections;

/// <summary>
/// Topic aliases towards one client. The first topics get one each and keep it: a client mostly hears the same few.
/// </summary>
internal sealed class OutgoingAliases(int most)
{
    private readonly Dictionary<string, ushort> _aliases = new(StringComparer.Ordinal);

    /// <summary>For clients that take none.</summary>
    public static OutgoingAliases None { get; } = new(0);

    /// <summary>The topic's alias, and whether the client has been told it; 0 when it can have none.</summary>
    public ushort Of(string topic, out bool known)
    {
        known = false;
        if (most == 0)
        {
            return 0;
        }

        known = _aliases.TryGetValue(topic, out var alias);
        return known ? alias : _aliases.Count < most ? (ushort)(_aliases.Count + 1) : (ushort)0;
    }

    /// <summary>A packet with topic and alias was written.</summary>
    public void Told(string topic, ushort alias) => _aliases.TryAdd(topic, alias);
}
