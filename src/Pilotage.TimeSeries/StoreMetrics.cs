using System.Diagnostics.Metrics;

namespace Pilotage.TimeSeries;

/// <summary>What the time-series stores of this process do.</summary>
internal static class StoreMetrics
{
    private static readonly Meter Meter = new("Pilotage.TimeSeries");
    private static readonly Counter<long> PointsSealed = Meter.CreateCounter<long>("pilotage.series.points.sealed");
    private static readonly Counter<long> SealsFailed = Meter.CreateCounter<long>("pilotage.series.seals.failed");

    public static void Sealed(long points) => PointsSealed.Add(points);

    public static void NotSealed() => SealsFailed.Add(1);
}
