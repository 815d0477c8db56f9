using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>What consecutive points come to. Two parts, one after the other, come to one.</summary>
/// <param name="Resets">What a counter had counted whenever it began anew.</param>
internal readonly record struct WindowPart(long Count, double Sum, double Min, double Max, Point First, Point Last, double Resets)
{
    public static WindowPart Of(Point point) => new(1, point.Value, point.Value, point.Value, point, point, 0);

    /// <summary>Of windows that the store summed up; first and last are not known then.</summary>
    public static WindowPart Of(WindowAggregate sum) => new(sum.Count, sum.Sum, sum.Min, sum.Max, default, default, 0);

    public WindowPart With(WindowPart later) =>
        Count == 0 ? later
        : later.Count == 0 ? this
        : new(
            Count + later.Count, Sum + later.Sum, Math.Min(Min, later.Min), Math.Max(Max, later.Max), First, later.Last,
            Resets + later.Resets + (later.First.Value < Last.Value ? Last.Value : 0));
}
