using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Thins points for a chart without hiding a spike.</summary>
internal static class Decimation
{
    /// <summary>At most <paramref name="max"/> points in time order: of each stretch the least and the greatest; of text its first.</summary>
    public static List<TypedPoint> MinMax(List<TypedPoint> points, int max)
    {
        if (points.Count <= max)
        {
            return points;
        }

        var kept = new List<TypedPoint>(max);
        var stretches = max / 2;
        for (var i = 0; i < stretches; i++)
        {
            var from = (int)((long)points.Count * i / stretches);
            var to = (int)((long)points.Count * (i + 1) / stretches);
            var (least, greatest) = (from, from);
            for (var j = from + 1; j < to; j++)
            {
                // Text is no number, so it is never less or greater.
                var value = points[j].Value.Number;
                least = value < points[least].Value.Number ? j : least;
                greatest = value > points[greatest].Value.Number ? j : greatest;
            }

            kept.Add(points[Math.Min(least, greatest)]);
            if (least != greatest)
            {
                kept.Add(points[Math.Max(least, greatest)]);
            }
        }

        return kept;
    }
}
