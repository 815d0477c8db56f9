using System.Diagnostics.Metrics;

namespace Pilotage.Core.Durability;

/// <summary>What the commit logs of this process do, by name of the log.</summary>
internal static class LogMetrics
{
    private static readonly Meter Meter = new("Pilotage.Durability");
    private static readonly Counter<long> Records = Meter.CreateCounter<long>("pilotage.log.records", "{record}", "Records made durable.");
    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>("pilotage.log.bytes", "By", "Bytes made durable, framing included.");
    private static readonly Counter<long> Refused = Meter.CreateCounter<long>("pilotage.log.refused", "{record}", "Records not taken, because there was no space or the log had failed.");
    private static readonly Counter<long> Damaged = Meter.CreateCounter<long>("pilotage.log.damaged", "{record}", "Records that could not be read back and are left out.");
    private static readonly Histogram<double> Commits = Meter.CreateHistogram<double>("pilotage.log.commit.duration", "s", "How long commits took, flush included.");

    /// <summary>Says that the log is there, so that what never happens to it reads as 0 rather than as unknown.</summary>
    public static void Opened(string log)
    {
        var tag = new KeyValuePair<string, object?>("log", log);
        foreach (var counter in new[] { Records, Bytes, Refused, Damaged })
        {
            counter.Add(0, tag);
        }
    }

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
