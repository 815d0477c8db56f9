using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Outbound;

/// <summary>A message of the queue, from its publish to the broker's last word. Guarded by the queue.</summary>
internal sealed class QueuedMessage
{
    /// <summary>Its place among the others; never changes.</summary>
    public long Order { get; set; }

    /// <summary>Where it stands in the log; 0 until it is durable, another one after it was carried forward.</summary>
    public long Sequence { get; set; }

    /// <summary>The log's next sequence when it was handed over: its own is no less.</summary>
    public long SequenceMin { get; init; }

    /// <summary>Its record with the framing.</summary>
    public int Bytes { get; init; }

    public byte Qos { get; init; }

    /// <summary>When it was published, by the wall clock in milliseconds since 1970.</summary>
    public long PublishedMs { get; init; }

    /// <summary>How long it had waited when the queue was opened.</summary>
    public TimeSpan WaitedBefore { get; init; }

    /// <summary>The clock's time stamp of its publish, or of the opening.</summary>
    public long Since { get; init; }

    public uint? ExpirySeconds { get; init; }

    /// <summary>Nothing while it is on disk alone.</summary>
    public MqttMessage? Message { get; set; }

    /// <summary>0 while it has none.</summary>
    public ushort PacketId { get; set; }

    /// <summary>QoS 2: the identifier is on disk, so that a later life of the program sends it under the same.</summary>
    public bool IsFixed { get; set; }

    /// <summary>QoS 2: the connection that brought PUBREC, while that is on its way to the disk.</summary>
    public object? PubRecBy { get; set; }

    /// <summary>QoS 2: PUBREC is on disk, so that PUBREL may be sent.</summary>
    public bool IsReceived { get; set; }

    /// <summary>Whether a PUBLISH may have gone out.</summary>
    public bool WasSent { get; set; }

    /// <summary>Whether it is on its way; else it waits.</summary>
    public bool IsInFlight { get; set; }

    /// <summary>It has its last answer, or was given up: only the note of that is on its way to the disk.</summary>
    public bool IsSettled { get; set; }

    /// <summary>Its place while it waits.</summary>
    public LinkedListNode<QueuedMessage>? Node { get; set; }

    /// <summary>Nothing at or after this sequence may be trimmed while the message lives.</summary>
    public long Floor => Sequence > 0 ? Sequence : SequenceMin;
}
