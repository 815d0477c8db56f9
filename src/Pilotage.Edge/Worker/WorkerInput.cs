using Pilotage.Edge.Workers;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Edge.Worker;

/// <summary>What waits for the worker's one loop.</summary>
internal abstract record WorkerInput
{
    /// <summary>A message of a device; <paramref name="Done"/> lets the broker's ack go.</summary>
    public sealed record Message(MqttMessage Received, TaskCompletionSource Done) : WorkerInput;

    /// <summary>New orders.</summary>
    public sealed record Orders(WorkerOrders New) : WorkerInput;

    /// <summary>Time for a sign of life. It goes through the same queue as the work: a loop that hangs gives none.</summary>
    public sealed record Beat : WorkerInput;
}
