namespace Pilotage.Sdk.Outbound;

/// <summary>What became of a message, on its way to the disk.</summary>
/// <param name="Kind">What.</param>
/// <param name="Message">Of which message.</param>
/// <param name="Then">Done once it is durable; may be nothing.</param>
/// <param name="Durable">Completed then, or failed when it will not be; may be nothing.</param>
internal readonly record struct QueueStep(
    QueueStepKind Kind, QueuedMessage Message, Func<ValueTask>? Then = null, TaskCompletionSource? Durable = null);

/// <summary>The numbers stand on disk and never change.</summary>
internal enum QueueStepKind : byte
{
    /// <summary>QoS 2: it is about to be sent under an identifier.</summary>
    Fixed = 1,

    /// <summary>QoS 2: the broker has it; its identifier waits for PUBCOMP.</summary>
    Received = 2,

    /// <summary>It has left the queue.</summary>
    Done = 3,
}
