namespace Pilotage.Server.Fabric;

/// <summary>Thins points for a chart without hiding a spike.</summary>
internal static class Decimation
{
    /// <summary>At most <paramref name="max"/> points in time order: of each stretch the least and the greatest.</summary>
    public static List<(long TimeNs, double Value)> MinMax(List<(long TimeNs, double Value)> points, int max)
    {
        if (points.Count <= max)
        {
            return points;
        }

        var kept = new List<(long, double)>(max);
        var stretches = max / 2;
        for (var i = 0; i < stretches; i++)
        {
            var from = (int)((long)points.Count * i / stretches);
            var to = (int)((long)points.Count * (i + 1) / stretches);
            var (least, greatest) = (from, from);
            for (var j = from + 1; j < to; j++)
            {
                least = points[j].Value < points[least].Value ? j : least;
                greatest = points[j].Value > points[greatest].Value ? j : greatest;
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
