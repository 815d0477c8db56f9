namespace Pilotage.Broker.Sessions;

/// <summary>What a record of the session log says; the numbers stand on disk and never change.</summary>
internal enum RecordKind : byte
{
    /// <summary>A durable session began, or its expiry changed.</summary>
    SessionOpened = 1,

    /// <summary>A session is gone with all it had.</summary>
    SessionClosed = 2,

    /// <summary>A session lost its connection; its expiry counts from here.</summary>
    SessionLeft = 3,

    Subscribed = 4,

    Unsubscribed = 5,

    /// <summary>A message, the sessions it waits for, and whether it became its topic's retained one.</summary>
    Published = 6,

    /// <summary>A client acknowledged a message.</summary>
    Acknowledged = 7,

    /// <summary>A full queue lost a message: the gap is on record.</summary>
    Dropped = 8,

    /// <summary>
    /// All that follows, up to the end mark, is the whole state again. No longer written: where the end mark is missing, nothing
    /// tells what else came after. See <see cref="SnapshotOpens"/>.
    /// </summary>
    SnapshotBegins = 9,

    SnapshotEnds = 10,

    /// <summary>A snapshot without an end stands before; what follows adds to the state before it.</summary>
    SnapshotAbandoned = 11,

    /// <summary>A connected client has left a will, whether its session lasts or not.</summary>
    WillSet = 12,

    /// <summary>The will was published, or spared.</summary>
    WillCleared = 13,

    /// <summary>As <see cref="Published"/>, sent with QoS 2: the sender's session and the identifier stand before.</summary>
    PublishedOnce = 14,

    /// <summary>A client released the identifier of a QoS 2 message it had sent, or the message was refused.</summary>
    Released = 15,

    /// <summary>
    /// A QoS 2 message is about to be sent to a client under an identifier, or a QoS 1 message was; with 0 a QoS 1 message
    /// may have been when the process died.
    /// </summary>
    Sent = 16,

    /// <summary>A client has received a QoS 2 message; its identifier waits for PUBCOMP.</summary>
    Received = 17,

    /// <summary>A QoS 2 delivery is complete, and its identifier free.</summary>
    Completed = 18,

    /// <summary>In snapshots: identifiers of QoS 2 messages that a client has sent and not released.</summary>
    Unreleased = 19,

    /// <summary>In snapshots: the identifier sent to a client last, and those that it has released last.</summary>
    Numbered = 20,

    /// <summary>How far the wall clock stands ahead of the clock that lives are counted by, and what that one shows.</summary>
    ClockMoved = 21,

    /// <summary>The records of a snapshot follow, each marked as such, up to the end mark.</summary>
    SnapshotOpens = 22,

    /// <summary>Before a record of a snapshot. One without the mark says that the snapshot before it never ended.</summary>
    InSnapshot = 23,
}
