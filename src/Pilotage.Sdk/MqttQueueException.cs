namespace Pilotage.Sdk;

/// <summary>The queue on disk did not take a message, or cannot be used; the message says what to do.</summary>
/// <param name="fault">Which of the reasons it was.</param>
/// <param name="message">What, why, and what to do.</param>
/// <param name="cause">What lies below; nothing when it is a bound of ours.</param>
public sealed class MqttQueueException(MqttQueueFault fault, string message, Exception? cause = null) : IOException(message, cause)
{
    /// <summary>Which of the reasons it was.</summary>
    public MqttQueueFault Fault { get; } = fault;
}

/// <summary>Why a queue did not take a message, or cannot be used.</summary>
public enum MqttQueueFault
{
    /// <summary>A bound is reached: <see cref="MqttQueueOptions.BytesMax"/> or <see cref="MqttQueueOptions.MessagesMax"/>. Nothing was kept of the message.</summary>
    Full,

    /// <summary>The disk has no room. Nothing was kept of the message; it may be published again when there is room.</summary>
    DiskFull,

    /// <summary>
    /// A write or a sync failed. Nothing more is taken or sent until the queue is opened anew, by another client; what was
    /// taken before is still there, and this message may be.
    /// </summary>
    DiskFailed,

    /// <summary>Another program uses the folder.</summary>
    InUse,

    /// <summary>A newer version of this library has written the folder.</summary>
    NewerFormat,

    /// <summary>Messages wait in the folder that another client id has put there.</summary>
    OtherClient,

    /// <summary>The folder cannot be made, read or written.</summary>
    Unusable,

    /// <summary>The message is larger than 16 MiB, or than <see cref="MqttQueueOptions.BytesMax"/>. Nothing was kept of it.</summary>
    TooLarge,
}
