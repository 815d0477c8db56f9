using System.Diagnostics.Metrics;

namespace Pilotage.Core.Durability;

/// <summary>What the commit logs of this process do, by name of the log.</summary>
internal static class LogMetrics
{
    private static readonly Meter Meter = new("Pilotage.Durability");
    private static readonly Counter<long> Records = Meter.CreateCounter<long>("pilotage.log.records");
    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>("pilotage.log.bytes", "By");
    private static readonly Counter<long> Refused = Meter.CreateCounter<long>("pilotage.log.refused");
    private static readonly Counter<long> Damaged = Meter.CreateCounter<long>("pilotage.log.damaged");
    private static readonly Histogram<double> Commits = Meter.CreateHistogram<double>("pilotage.log.commit.duration", "s");

    public static void Committed(string log, int records, int bytes, TimeSpan took)
    {
        var tag = new KeyValuePair<string, object?>("log", log);
        Records.Add(records, tag);
        Bytes.Add(bytes, tag);
        Commits.Record(took.TotalSeconds, tag);
    }

    public static void NotTaken(string log, int records) => Refused.Add(records, new KeyValuePair<string, object?>("log", log));

    public static void Missing(string log, long records) => Damaged.Add(records, new KeyValuePair<string, object?>("log", log));
}
