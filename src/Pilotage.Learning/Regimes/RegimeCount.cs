namespace Pilotage.Learning.Regimes;

/// <summary>Chooses how many regimes the settings show, from the settings alone, and where their centres are.</summary>
internal static class RegimeCount
{
    // A larger number of regimes must separate clearly better, or the smaller one stays.
    private const double Margin = 0.01;

    /// <summary>The centres of the chosen regimes, in an order that depends on the data only.</summary>
    public static float[][] Choose(float[] scaled, int settings, RegimeOptions options)
    {
        var rows = settings == 0 ? [] : Usable(scaled, settings, options.RowsMax);
        if (rows.Count == 0)
        {
            return [new float[settings]];
        }

        var one = Clustering.Fit(rows, 1, options);
        var (best, bestScore) = (one, options.SilhouetteMin - Margin);
        for (var regimes = 2; regimes <= options.RegimesMax; regimes++)
        {
            var clusters = Clustering.Fit(rows, regimes, options);
            var score = clusters.SmallestShare >= options.ShareMin ? clusters.Silhouette : 0;
            if (score > bestScore + Margin)
            {
                (best, bestScore) = (clusters, score);
            }
        }

        return best.Centres;
    }

    private static List<float[]> Usable(float[] scaled, int settings, int rowsMax)
    {
        var rows = scaled.Length / settings;
        var step = Math.Max(1, (rows + rowsMax - 1) / rowsMax);
        var usable = new List<float[]>(Math.Min(rows, rowsMax));
        for (var row = 0; row < rows; row += step)
        {
            var values = scaled.AsSpan(row * settings, settings).ToArray();
            if (Array.TrueForAll(values, float.IsFinite))
            {
                usable.Add(values);
            }
        }

        return usable;
    }
}
