using System.ComponentModel.DataAnnotations;
using Pilotage.Broker.Connections;

namespace Pilotage.Broker;

/// <summary>Everything that bounds a broker. Defaults are safe; limits act before a message is acknowledged.</summary>
public sealed record BrokerOptions
{
    /// <summary>Where clients may connect; at least one.</summary>
    public IReadOnlyList<ListenerOptions> Listeners { get; init; } = [];

    /// <summary>Largest packet taken from a client, in bytes. Offered to the client as Maximum Packet Size.</summary>
    [Range(128, 15 * 1024 * 1024)]
    public int PacketBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Longest client identifier, in bytes of UTF-8; longer ones are refused with 0x85.</summary>
    [Range(23, 65_535)]
    public int ClientIdBytesMax { get; init; } = 256;

    /// <summary>Longest topic name or filter, in bytes of UTF-8; longer ones are answered with 0x90 or 0x8F.</summary>
    [Range(16, 65_535)]
    public int TopicBytesMax { get; init; } = 512;

    /// <summary>Most levels in a topic name or filter.</summary>
    [Range(1, 128)]
    public int TopicLevelsMax { get; init; } = 16;

    /// <summary>Most user properties in one packet; more is a protocol error (0x82).</summary>
    [Range(0, 1024)]
    public int UserPropertiesMax { get; init; } = 16;

    /// <summary>Most bytes of user properties in one packet; more is a protocol error (0x82).</summary>
    [Range(0, 1024 * 1024)]
    public int UserPropertyBytesMax { get; init; } = 4 * 1024;

    /// <summary>
    /// Unacknowledged QoS 1 messages and unreleased QoS 2 messages taken from one client at a time; more is answered
    /// with 0x93.
    /// </summary>
    [Range(1, 65_535)]
    public int ReceiveMaximum { get; init; } = 32;

    /// <summary>
    /// Unreleased QoS 2 messages taken from a 3.1.1 client, which cannot be told a receive maximum; by default as many
    /// as there are identifiers. More ends the connection.
    /// </summary>
    [Range(1, 65_535)]
    public int UnreleasedMax { get; init; } = 65_535;

    /// <summary>Topic aliases taken from one client.</summary>
    [Range(0, 65_535)]
    public int TopicAliasMaximum { get; init; } = 16;

    /// <summary>
    /// Topic aliases used towards one client, if it takes as many: the first topics sent to it get one each.
    /// </summary>
    [Range(0, 65_535)]
    public int OutgoingTopicAliasMax { get; init; } = 16;

    /// <summary>
    /// Whether a message that matches several subscriptions of a session is delivered once, at the highest QoS and with
    /// every subscription identifier; otherwise once for each subscription. The standard allows both.
    /// </summary>
    public bool MergesOverlaps { get; init; } = true;

    /// <summary>
    /// Whether a payload that claims to be UTF-8 is checked, and refused with 0x99 if it is not. By default it is kept,
    /// since a message that is wrong in form may still matter.
    /// </summary>
    public bool ChecksPayloadFormat { get; init; }

    /// <summary>
    /// Whether clients may publish to topics that begin with a dollar sign, <c>$SYS/</c> and <c>$share/</c> excepted. The
    /// standard advises against it (section 4.7.2).
    /// </summary>
    public bool AllowsDollarTopics { get; init; }

    /// <summary>How often the <c>$SYS</c> topics are sent to their subscribers; zero for never.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Unacknowledged QoS 1 and 2 messages sent to one client at a time, however many it offers to take.</summary>
    [Range(1, 65_535)]
    public int InflightMax { get; init; } = 64;

    /// <summary>
    /// Bytes waiting for one slow connection; past that QoS 0 is dropped and counted, QoS 1 and 2 wait in the session. One
    /// message is always taken, whatever its size.
    /// </summary>
    [Range(1024, int.MaxValue)]
    public int OutboundBytesMax { get; init; } = 1024 * 1024;

    /// <summary>The same in packets.</summary>
    [Range(16, 1_000_000)]
    public int OutboundPacketsMax { get; init; } = 1024;

    /// <summary>Messages waiting in one session.</summary>
    [Range(1, 10_000_000)]
    public int QueuedMessagesMax { get; init; } = 10_000;

    /// <summary>Payload and topic bytes waiting in one session.</summary>
    [Range(1024, int.MaxValue)]
    public int QueuedBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>The same over all sessions of one tenant.</summary>
    [Range(1024, long.MaxValue)]
    public long QueuedTenantBytesMax { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Subscriptions of one session; more are answered with 0x97.</summary>
    [Range(1, 100_000)]
    public int SubscriptionsMax { get; init; } = 64;

    /// <summary>Retained messages of one tenant; more are answered with 0x97.</summary>
    [Range(0, 100_000_000)]
    public int RetainedMessagesMax { get; init; } = 100_000;

    /// <summary>Bytes of retained messages of one tenant; more are answered with 0x97.</summary>
    [Range(0, long.MaxValue)]
    public long RetainedBytesMax { get; init; } = 256L * 1024 * 1024;

    /// <summary>
    /// Longest life of a session without a connection; longer wishes are cut to this, and the client is told.
    /// </summary>
    public TimeSpan SessionExpiryMax { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// After a restart that was no proper stop: how long clients may take to come back before their wills are
    /// published, if a will's own delay is not longer.
    /// </summary>
    public TimeSpan RestoredWillDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the accepted socket to a whole CONNECT, TLS handshake not counted.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the TLS handshake.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Shortest keep alive; a 5.0 client that asks for less is told this one.</summary>
    public TimeSpan KeepAliveMin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest keep alive; a 5.0 client that asks for more, or for none, is told this one.</summary>
    public TimeSpan KeepAliveMax { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>How long a stopping broker lets connections drain.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a client that was told why its connection ends may take to close it.</summary>
    public TimeSpan LingerTimeout { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Threads that serve plain connections, each with its own share of them. One serves more than most machines have
    /// devices; more of them spread the load over more processors.
    /// </summary>
    [Range(1, 64)]
    public int LoopCount { get; init; } = Math.Clamp(Environment.ProcessorCount / 4, 1, 8);

    /// <summary>Connections at the same time, over all listeners.</summary>
    [Range(1, 1_000_000)]
    public int ConnectionsMax { get; init; } = 10_000;

    /// <summary>
    /// Connections of one address (of IPv6: of one /64) that have not come in yet; more are closed. What has shown who it
    /// is and waits for its turn is not among them.
    /// </summary>
    [Range(1, 1_000_000)]
    public int HalfOpenPerAddressMax { get; init; } = 200;

    /// <summary>
    /// Refused handshakes and CONNECTs of one address in a second, and at once; past that the address is answered with 0x89
    /// for a moment, unheard. 0 for no limit.
    /// </summary>
    [Range(0, 1_000_000)]
    public int FailedConnectsPerSecondMax { get; init; } = 200;

    /// <summary>
    /// Clients of one tenant that come in within a second, and at once; others wait for their turn, or, if that would take
    /// longer than <see cref="ConnectWaitMax"/>, are answered with 0x9F. 0 for no limit.
    /// </summary>
    [Range(0, 1_000_000)]
    public int ConnectsPerSecond { get; init; } = 500;

    /// <summary>How long a client may wait for its turn to come in.</summary>
    public TimeSpan ConnectWaitMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Messages that one device publishes in a second, over time and over all its connections; past the burst these are read
    /// more slowly, and so it publishes more slowly. 0 for no limit; a host may lift it for one client (<see cref="ConnectDecision.Paced"/>).
    /// </summary>
    [Range(0, 1_000_000)]
    public int PublishesPerSecond { get; init; } = 50;

    /// <summary>How many messages a device may publish at once.</summary>
    [Range(1, 1_000_000)]
    public int PublishBurst { get; init; } = 200;

    /// <summary>Memory that the process may have, in bytes; 0 for that of the machine or container.</summary>
    [Range(0, long.MaxValue)]
    public long MemoryMax { get; init; }

    /// <summary>Share of <see cref="MemoryMax"/> from which no new session is made (0x89); those that exist go on.</summary>
    [Range(1, 100)]
    public int MemorySoftPercent { get; init; } = 70;

    /// <summary>
    /// Share from which no queue of a client that is away grows: publishers get 0x97, or its oldest message makes room for
    /// each new one.
    /// </summary>
    [Range(1, 100)]
    public int MemoryHardPercent { get; init; } = 85;

    /// <summary>Memory in use by the process, in bytes; by default without what the collector found free when it ran last.</summary>
    public Func<long> MemoryInUse { get; init; } = MemoryWatch.InUse;

    /// <summary>The session log is rewritten when it has grown by this much since the last time, at least.</summary>
    [Range(64 * 1024, int.MaxValue)]
    public int CompactAfterBytes { get; init; } = 32 * 1024 * 1024;
}
