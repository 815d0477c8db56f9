using System.Diagnostics.Metrics;
using Pilotage.Broker.Connections;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker;

/// <summary>What a broker counts. Labels are bounded: reasons, QoS and listeners, never clients or topics.</summary>
internal static class BrokerMetrics
{
    public const string MeterName = "Pilotage.Broker";

    private static readonly Meter Meter = new(MeterName);
    private static readonly long[] ReceivedByQos = new long[3];
    private static readonly long[] DeliveredByQos = new long[3];

    private static readonly UpDownCounter<long> ConnectionCount = Meter.CreateUpDownCounter<long>(
        "pilotage.broker.connections", "{connection}", "Clients connected.");

    private static readonly Counter<long> ConnectCount = Meter.CreateCounter<long>(
        "pilotage.broker.connects", "{connect}", "Connect attempts by outcome.");

    private static readonly Counter<long> DisconnectCount = Meter.CreateCounter<long>(
        "pilotage.broker.disconnects", "{disconnect}", "Ended connections by reason.");

    private static readonly Counter<long> RefusedCount = Meter.CreateCounter<long>(
        "pilotage.broker.messages.refused", "{message}", "Messages not taken, by reason.");

    private static readonly Counter<long> DroppedCount = Meter.CreateCounter<long>(
        "pilotage.broker.messages.dropped", "{message}", "Messages lost on the way to a client, by cause.");

    private static readonly Counter<long> SlowedCount = Meter.CreateCounter<long>(
        "pilotage.broker.messages.slowed", "{message}", "Messages after which a device's connection was not read for a moment.");

    private static readonly Counter<long> DelayedCount = Meter.CreateCounter<long>(
        "pilotage.broker.connects.delayed", "{connect}", "Clients that waited for their turn to come in.");

    private static readonly Counter<long> TurnedAwayCount = Meter.CreateCounter<long>(
        "pilotage.broker.connects.turned_away", "{connect}", "Connections turned away whoever they were, by cause.");

    private static readonly Counter<long> DescriptorsShortCount = Meter.CreateCounter<long>(
        "pilotage.broker.descriptors.short", "{time}", "Times new connections had to wait, or one was closed, for want of file descriptors.");

    private static readonly UpDownCounter<long> SessionCount = Meter.CreateUpDownCounter<long>(
        "pilotage.broker.sessions", "{session}", "Sessions, connected or not.");

    private static readonly Counter<long> CompactionCount = Meter.CreateCounter<long>(
        "pilotage.broker.log.compactions", "{compaction}", "Times the session log was rewritten.");

    static BrokerMetrics()
    {
        // Read when somebody asks: a listener called for each message would cost more than the message.
        Meter.CreateObservableCounter(
            "pilotage.broker.messages.received",
            () => ByQos(ReceivedByQos),
            "{message}",
            "Messages taken from clients, by QoS.");
        Meter.CreateObservableCounter(
            "pilotage.broker.messages.delivered",
            () => ByQos(DeliveredByQos),
            "{message}",
            "Messages written to clients, by QoS.");
    }

    /// <summary>Says that a broker is there, so that what never happens to it reads as 0 rather than as unknown.</summary>
    public static void Opened()
    {
        ConnectionCount.Add(0);
        SessionCount.Add(0);
        foreach (var counter in new[] { SlowedCount, DelayedCount, CompactionCount })
        {
            counter.Add(0);
        }
    }

    public static void Connections(int change) => ConnectionCount.Add(change);

    public static void Connect(string listener, MqttReason reason) => ConnectCount.Add(
        1, new("listener", listener), new KeyValuePair<string, object?>("reason", reason.ToString()));

    public static void Disconnect(MqttReason reason) =>
        DisconnectCount.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));

    public static void Received(byte qos) => Interlocked.Increment(ref ReceivedByQos[qos]);

    public static void Refused(MqttReason reason) =>
        RefusedCount.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));

    public static void Delivered(byte qos) => Interlocked.Increment(ref DeliveredByQos[qos]);

    public static void Dropped(string cause) => DroppedCount.Add(1, new KeyValuePair<string, object?>("cause", cause));

    public static void Slowed() => SlowedCount.Add(1);

    public static void Delayed() => DelayedCount.Add(1);

    public static void TurnedAway(string cause) =>
        TurnedAwayCount.Add(1, new KeyValuePair<string, object?>("cause", cause));

    /// <summary>A cause as label and in the log.</summary>
    public static string NameOf(TurnAway cause) => cause switch
    {
        TurnAway.Connections => "connections",
        TurnAway.HalfOpen => "half-open",
        TurnAway.FailedConnects => "failed-connects",
        TurnAway.ConnectRate => "connect-rate",
        _ => "memory",
    };

    public static void DescriptorsShort(string listener) =>
        DescriptorsShortCount.Add(1, new KeyValuePair<string, object?>("listener", listener));

    public static void Sessions(int change) => SessionCount.Add(change);

    public static void Compacted() => CompactionCount.Add(1);

    private static IEnumerable<Measurement<long>> ByQos(long[] counts)
    {
        for (var qos = 0; qos < counts.Length; qos++)
        {
            yield return new(Volatile.Read(ref counts[qos]), new KeyValuePair<string, object?>("qos", qos));
        }
    }
}
