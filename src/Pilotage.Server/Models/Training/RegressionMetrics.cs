namespace Pilotage.Server.Models.Training;

/// <summary>How far predictions are from the truth; every figure in the unit of the label.</summary>
internal static class RegressionMetrics
{
    /// <summary>Metrics over rows: <c>rmse</c> against the clipped truth, <c>rmse_raw</c> against the truth as it was.</summary>
    /// <remarks>
    /// <c>score_nasa</c> is the asymmetric sum of the 2008 prognostics challenge (Saxena et al.): late predictions cost
    /// exp(d/10) - 1, early ones exp(-d/13) - 1.
    /// </remarks>
    public static Dictionary<string, double> Of(ReadOnlySpan<float> predicted, ReadOnlySpan<float> truth, double clip)
    {
        double clipped = 0, raw = 0, absolute = 0, score = 0;
        for (var i = 0; i < truth.Length; i++)
        {
            var d = predicted[i] - Math.Min(truth[i], clip);
            clipped += d * d;
            absolute += Math.Abs(d);
            var dRaw = (double)predicted[i] - truth[i];
            raw += dRaw * dRaw;
            score += dRaw < 0 ? Math.Exp(-dRaw / 13) - 1 : Math.Exp(dRaw / 10) - 1;
        }

        var n = Math.Max(1, truth.Length);
        return new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["rmse"] = Math.Sqrt(clipped / n),
            ["rmse_raw"] = Math.Sqrt(raw / n),
            ["mae"] = absolute / n,
            ["score_nasa"] = score,
        };
    }

    /// <summary>The mean of each metric over several scorings of the same rows.</summary>
    public static Dictionary<string, double> Mean(IReadOnlyList<Dictionary<string, double>> scorings) =>
        scorings[0].Keys.ToDictionary(name => name, name => scorings.Average(metrics => metrics[name]), StringComparer.Ordinal);
}
