using System.Diagnostics.Metrics;

namespace Pilotage.TimeSeries;

/// <summary>What the time-series stores of this process do.</summary>
internal static class StoreMetrics
{
    private static readonly Meter Meter = new("Pilotage.TimeSeries");
    private static readonly Counter<long> PointsSealed = Meter.CreateCounter<long>("pilotage.series.points.sealed", "{point}", "Points moved from memory into segments.");
    private static readonly Counter<long> SealsFailed = Meter.CreateCounter<long>("pilotage.series.seals.failed", "{seal}", "Segments that could not be written; their points stay in memory and in the log.");

    private static readonly Counter<long> PointsMerged = Meter.CreateCounter<long>("pilotage.series.points.merged", "{point}", "Points written anew when segments were merged into larger ones.");
    private static readonly Counter<long> MergesFailed = Meter.CreateCounter<long>("pilotage.series.merges.failed", "{merge}", "Merges of segments that could not be written; the segments stay as they were.");

    private static readonly UpDownCounter<long> DeletionsHiding = Meter.CreateUpDownCounter<long>("pilotage.series.deletions.hiding", "{deletion}", "Deletions whose points still take their space, hidden.");

    private static readonly Counter<long> BlocksCached = Meter.CreateCounter<long>("pilotage.series.blocks.cached", "{block}", "Blocks whose head a query found in memory.");
    private static readonly Counter<long> BlocksRead = Meter.CreateCounter<long>("pilotage.series.blocks.read", "{block}", "Blocks whose head a query read from its file.");
    private static readonly UpDownCounter<long> CacheBytes = Meter.CreateUpDownCounter<long>("pilotage.series.cache.bytes", "By", "Memory of the parts of segments that are kept for the next query.");

    /// <summary>Says that a store is there, so that what never happens to it reads as 0 rather than as unknown.</summary>
    public static void Opened()
    {
        Sealed(0);
        SealsFailed.Add(0);
        Merged(0);
        MergesFailed.Add(0);
        Hiding(0);
        BlocksCached.Add(0);
        BlocksRead.Add(0);
        Cached(0);
    }

    public static void Sealed(long points) => PointsSealed.Add(points);

    public static void Merged(long points) => PointsMerged.Add(points);

    public static void Hiding(long change) => DeletionsHiding.Add(change);

    public static void Cached(long change) => CacheBytes.Add(change);

    public static void BlockAsked(bool isCached) => (isCached ? BlocksCached : BlocksRead).Add(1);

    public static void NotMerged() => MergesFailed.Add(1);

    public static void NotSealed() => SealsFailed.Add(1);
}
