namespace Pilotage.Learning.Regimes;

/// <summary>Rows of settings grouped around centres (k-means, several starts, the tightest kept).</summary>
internal sealed class Clustering
{
    private const int RoundsMax = 50;

    private readonly List<float[]> _rows;
    private readonly int[] _members;
    private double _spread;

    private Clustering(List<float[]> rows, float[][] centres)
    {
        _rows = rows;
        Centres = centres;
        _members = new int[rows.Count];
    }

    public float[][] Centres { get; }

    /// <summary>Share of rows around the least popular centre.</summary>
    public double SmallestShare =>
        (double)Enumerable.Range(0, Centres.Length).Min(centre => _members.Count(member => member == centre))
        / _rows.Count;

    /// <summary>Mean over rows of (b - a) / b, a the distance to the own centre, b to the next.</summary>
    /// <remarks>The centre-based silhouette: linear in rows where the pairwise one is quadratic.</remarks>
    public double Silhouette => _rows.Average(row =>
    {
        var (nearest, next) = (double.PositiveInfinity, double.PositiveInfinity);
        foreach (var centre in Centres)
        {
            var distance = Math.Sqrt(RegimeNormalizer.SquaredDistance(centre, row));
            (nearest, next) = distance < nearest
                ? (distance, nearest)
                : (nearest, Math.Min(next, distance));
        }

        return next > 0 ? (next - nearest) / next : 0;
    });

    public static Clustering Fit(List<float[]> rows, int count, RegimeOptions options)
    {
        var random = new Random(options.Seed);
        Clustering? best = null;
        for (var start = 0; start < options.Starts; start++)
        {
            var candidate = new Clustering(rows, Seeds(rows, count, random));
            candidate.Settle();
            best = best is null || candidate._spread < best._spread ? candidate : best;
        }

        Array.Sort(best!.Centres, Order);
        best.Assign();
        return best;
    }

    private void Settle()
    {
        for (var round = 0; round < RoundsMax && Assign(); round++)
        {
            MoveCentres();
        }
    }

    private bool Assign()
    {
        var changed = false;
        _spread = 0;
        for (var row = 0; row < _rows.Count; row++)
        {
            var nearest = RegimeNormalizer.Nearest(Centres, _rows[row]);
            changed |= nearest != _members[row];
            _members[row] = nearest;
            _spread += RegimeNormalizer.SquaredDistance(Centres[nearest], _rows[row]);
        }

        return changed;
    }

    private void MoveCentres()
    {
        for (var centre = 0; centre < Centres.Length; centre++)
        {
            var sums = new double[Centres[centre].Length];
            var count = 0;
            for (var row = 0; row < _rows.Count; row++)
            {
                if (_members[row] == centre)
                {
                    count++;
                    for (var i = 0; i < sums.Length; i++)
                    {
                        sums[i] += _rows[row][i];
                    }
                }
            }

            // A centre nobody is near stays where it is; its empty share rules the partition out.
            Centres[centre] = count == 0 ? Centres[centre] : [.. sums.Select(sum => (float)(sum / count))];
        }
    }

    // k-means++: each next seed with a chance proportional to its squared distance from those taken.
    private static float[][] Seeds(List<float[]> rows, int count, Random random)
    {
        var seeds = new List<float[]> { rows[random.Next(rows.Count)] };
        while (seeds.Count < count)
        {
            float[][] taken = [.. seeds];
            var distances = rows
                .Select(row => (double)RegimeNormalizer.SquaredDistance(
                    taken[RegimeNormalizer.Nearest(taken, row)], row))
                .ToArray();
            var left = random.NextDouble() * distances.Sum();
            var pick = 0;
            while (pick < rows.Count - 1 && left > distances[pick])
            {
                left -= distances[pick++];
            }

            seeds.Add(rows[pick]);
        }

        return [.. seeds];
    }

    private static int Order(float[] one, float[] other)
    {
        for (var i = 0; i < one.Length; i++)
        {
            if (one[i] != other[i])
            {
                return one[i].CompareTo(other[i]);
            }
        }

        return 0;
    }
}
