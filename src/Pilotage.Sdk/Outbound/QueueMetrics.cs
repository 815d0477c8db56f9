using System.Diagnostics.Metrics;

namespace Pilotage.Sdk.Outbound;

/// <summary>What the queues of this process do, all together.</summary>
internal static class QueueMetrics
{
    private static readonly Meter Meter = new("Pilotage.Sdk");
    private static readonly Counter<long> Taken = Meter.CreateCounter<long>("pilotage.queue.messages.taken", "{message}", "Messages made durable in a queue.");
    private static readonly Counter<long> Acknowledged = Meter.CreateCounter<long>("pilotage.queue.messages.sent", "{message}", "Messages that left a queue because the broker has them.");
    private static readonly Counter<long> NotTaken = Meter.CreateCounter<long>("pilotage.queue.messages.refused", "{message}", "Publishes that a queue refused, by cause.");
    private static readonly Counter<long> Given = Meter.CreateCounter<long>("pilotage.queue.messages.lost", "{message}", "Messages that left a queue without reaching the broker, by cause.");

    public static void Took() => Taken.Add(1);

    public static void Sent() => Acknowledged.Add(1);

    public static void Refused(MqttQueueFault fault) => NotTaken.Add(1, new KeyValuePair<string, object?>("cause", fault.ToString()));

    public static void Lost(MqttQueueLossCause cause, long count) => Given.Add(count, new KeyValuePair<string, object?>("cause", cause.ToString()));
}
