using System.ComponentModel.DataAnnotations;

namespace Pilotage.Sdk;

/// <summary>A queue on disk between a program and the broker: what is published survives the program, a power cut, and any time without a connection.</summary>
/// <remarks>
/// QoS 2 through the queue wants a session that outlives the program, or it could not stay exactly once:
/// <see cref="MqttClientOptions.ClientId"/> set, <see cref="MqttClientOptions.SessionExpiry"/> above zero and
/// <see cref="MqttClientOptions.CleanStart"/> false. Without it a publish with QoS 2 is refused.
/// </remarks>
public sealed record MqttQueueOptions
{
    /// <summary>Least of <see cref="BytesMax"/>.</summary>
    public const long BytesLeast = 256 * 1024;

    /// <summary>Most of <see cref="BytesMax"/>.</summary>
    public const long BytesMost = 1024L * 1024 * 1024 * 1024;

    /// <summary>Most of <see cref="MessagesMax"/>.</summary>
    public const int MessagesMost = 10_000_000;

    /// <summary>Where the queue lies; made when missing, private to its owner. One program at a time, and one client id.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// Bytes that may wait, 64 MiB by default: days of one device's measurements, and little beside what a small device
    /// has for storage. On disk it can be twice as much for a while.
    /// </summary>
    [Range(BytesLeast, BytesMost)]
    public long BytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>Messages that may wait, 100,000 by default: each takes about 150 bytes of memory, whatever its size on disk.</summary>
    [Range(1, MessagesMost)]
    public int MessagesMax { get; init; } = 100_000;

    /// <summary>What happens at either bound. By default the publish is refused: nothing is given up that was promised.</summary>
    public MqttQueueOverflow WhenFull { get; init; } = MqttQueueOverflow.Refuse;

    /// <summary>
    /// Whether a message that the broker does not authorize (0x87) waits, and all after it, until it does or somebody sees to
    /// it; <see cref="MqttQueueState.IsUnauthorized"/> says so. By default it leaves the queue and is told to <see cref="MqttClient.OnQueueLoss"/>.
    /// </summary>
    public bool KeepsUnauthorized { get; init; }
}

/// <summary>What a full queue does with one more message.</summary>
public enum MqttQueueOverflow
{
    /// <summary>The publish fails with <see cref="MqttQueueFault.Full"/>.</summary>
    Refuse,

    /// <summary>
    /// The oldest message that is not on its way makes room; it is counted in <see cref="MqttQueueState.Dropped"/> and told to
    /// <see cref="MqttClient.OnQueueLoss"/>.
    /// </summary>
    DropOldest,
}
