namespace Pilotage.Learning.Boosting;

/// <summary>A training matrix with every value replaced by the number of its bin, one byte each, row after row.</summary>
/// <remarks>
/// Rows together, not columns: one row's bins share a cache line or two, and filling histograms walks rows in an order
/// that partitioning has shuffled. Bin <see cref="MissingBin"/> of every feature is for NaN.
/// </remarks>
internal sealed class BinnedMatrix
{
    private readonly float[][] _cuts;

    private BinnedMatrix(byte[] bins, float[][] cuts, int rows)
    {
        Bins = bins;
        _cuts = cuts;
        Rows = rows;
    }

    public const int MissingBin = 255;
    public const int Slots = 256;

    public byte[] Bins { get; }

    public int Rows { get; }

    public int Columns => _cuts.Length;

    /// <summary>Bins in use by a feature, without the one for missing values; the last has no upper cut.</summary>
    public int BinsOf(int feature) => _cuts[feature].Length + 1;

    /// <summary>The threshold that sends bins up to <paramref name="bin"/> left.</summary>
    public float Cut(int feature, int bin) => _cuts[feature][bin];

    public static BinnedMatrix Of(TrainingMatrix data, int binsMax)
    {
        var cuts = new float[data.Columns][];
        var bins = new byte[data.Rows * data.Columns];
        var column = new float[data.Rows];
        var sorted = new float[data.Rows];
        for (var feature = 0; feature < data.Columns; feature++)
        {
            data.CopyColumn(feature, column);
            cuts[feature] = CutsOf(column, sorted, binsMax - 1);
            for (int row = 0, at = feature; row < column.Length; row++, at += data.Columns)
            {
                bins[at] = BinOf(cuts[feature], column[row]);
            }
        }

        return new BinnedMatrix(bins, cuts, data.Rows);
    }

    private static float[] CutsOf(ReadOnlySpan<float> column, float[] sorted, int binsMax)
    {
        var count = 0;
        foreach (var value in column)
        {
            if (!float.IsNaN(value))
            {
                sorted[count++] = value;
            }
        }

        var present = sorted.AsSpan(0, count);
        present.Sort();
        var cuts = new List<float>(binsMax);
        var distinct = Distinct(present);
        for (var i = 1; i < count; i++)
        {
            // Few distinct values get a bin each; many share bins of equal count, cut where a quantile falls.
            var quantile = distinct <= binsMax || (long)i * binsMax / count != (long)(i - 1) * binsMax / count;
            if (quantile && NextCut(present, i) is { } cut && (cuts.Count == 0 || cut > cuts[^1]))
            {
                cuts.Add(cut);
            }
        }

        return [.. cuts];
    }

    private static int Distinct(ReadOnlySpan<float> sorted)
    {
        var distinct = sorted.Length > 0 ? 1 : 0;
        for (var i = 1; i < sorted.Length; i++)
        {
            distinct += sorted[i] > sorted[i - 1] ? 1 : 0;
        }

        return distinct;
    }

    // A cut c parts low from high when low <= c < high; half way where float32 has room for it, else low itself.
    private static float? NextCut(ReadOnlySpan<float> sorted, int at)
    {
        var low = sorted[at - 1];
        var above = at;
        while (above < sorted.Length && sorted[above] <= low)
        {
            above++;
        }

        if (above == sorted.Length)
        {
            return null;
        }

        var middle = low + ((sorted[above] - low) / 2);
        return middle >= low && middle < sorted[above] ? middle : low;
    }

    // The first bin whose cut is not below the value: the same comparison the finished tree makes.
    private static byte BinOf(float[] cuts, float value)
    {
        if (float.IsNaN(value))
        {
            return MissingBin;
        }

        int low = 0, high = cuts.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (value <= cuts[middle])
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return (byte)low;
    }
}
