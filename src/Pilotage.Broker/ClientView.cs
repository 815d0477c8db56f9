using System.Net;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker;

/// <summary>One session as operators see it.</summary>
/// <param name="Identity">Who; of a session restored after a restart only tenant and client id are known.</param>
/// <param name="Connected">Whether it has a connection now.</param>
/// <param name="Version">Version of the present or last connection.</param>
/// <param name="Subscriptions">How many.</param>
/// <param name="Queued">Messages waiting, those in flight included.</param>
/// <param name="Dropped">Messages lost to a full queue since the session began.</param>
public sealed record ClientView(
    ClientIdentity Identity, bool Connected, MqttVersion Version, int Subscriptions, int Queued, long Dropped)
{
    /// <summary>Topic and payload bytes of what waits.</summary>
    public long QueuedBytes { get; init; }

    /// <summary>The connection it has now; nothing while it has none.</summary>
    public ConnectionView? Connection { get; init; }

    /// <summary>How its last connection ended; nothing when none has since the broker started.</summary>
    public ConnectionEnd? LastEnd { get; init; }
}

/// <summary>One connection as operators see it.</summary>
/// <param name="SinceNs">When it came in, ns since the Unix epoch.</param>
/// <param name="Remote">The peer; nothing for a Unix socket.</param>
/// <param name="KeepAliveSeconds">The keep alive that holds; 0 for none.</param>
/// <param name="MessagesIn">PUBLISH packets taken from it.</param>
/// <param name="MessagesOut">PUBLISH packets written to it.</param>
public sealed record ConnectionView(long SinceNs, EndPoint? Remote, int KeepAliveSeconds, long MessagesIn, long MessagesOut);

/// <summary>How a connection ended.</summary>
/// <param name="AtNs">When, ns since the Unix epoch.</param>
/// <param name="Reason">The reason code.</param>
/// <param name="Why">The same in words, as in the log.</param>
public sealed record ConnectionEnd(long AtNs, MqttReason Reason, string Why);
