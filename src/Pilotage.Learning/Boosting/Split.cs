using System.Runtime.Intrinsics;

namespace Pilotage.Learning.Boosting;

/// <summary>The best way found to part the rows of one leaf.</summary>
/// <param name="Gain">Reduction of the loss; not positive when no split is allowed.</param>
/// <param name="Slot">Position of the feature among those the tree may use.</param>
/// <param name="Bin">Last bin that goes left.</param>
/// <param name="DefaultLeft">Where missing values go.</param>
internal readonly record struct Split(double Gain, int Slot, int Bin, bool DefaultLeft)
{
    public static readonly Split None = new(0, -1, -1, false);

    /// <summary>Scans every feature and bin for the split that gains most.</summary>
    public static Split Best(
        Histogram histogram, BinnedMatrix data, int[] features, Vector128<double> total, BoostingOptions options)
    {
        var best = None with { Gain = options.GainMin };
        for (var slot = 0; slot < features.Length; slot++)
        {
            best = BestOf(histogram.Feature(slot), slot, data.BinsOf(features[slot]), total, options, best);
        }

        return best.Slot < 0 ? None : best;
    }

    private static Split BestOf(
        ReadOnlySpan<Vector128<double>> sums,
        int slot,
        int bins,
        Vector128<double> total,
        BoostingOptions options,
        Split best)
    {
        var missing = sums[BinnedMatrix.MissingBin];
        // Sibling subtraction leaves dust where nothing is missing; half a row is no row.
        var anyMissing = missing[1] >= 0.5;
        var whole = Score(total, options.L2);
        var left = Vector128<double>.Zero;
        for (var bin = 0; bin < bins - 1; bin++)
        {
            left += sums[bin];
            var right = total - left - (anyMissing ? missing : Vector128<double>.Zero);
            if (anyMissing)
            {
                best = Better(best, left + missing, right, whole, slot, bin, defaultLeft: true, options);
                best = Better(best, left, right + missing, whole, slot, bin, defaultLeft: false, options);
            }
            else
            {
                // Nothing was missing here in training: a value missing later goes where most rows went.
                best = Better(best, left, right, whole, slot, bin, left[1] >= right[1], options);
            }
        }

        return best;
    }

    private static Split Better(
        Split best,
        Vector128<double> left,
        Vector128<double> right,
        double whole,
        int slot,
        int bin,
        bool defaultLeft,
        BoostingOptions options)
    {
        if (left[1] < options.ChildWeightMin || right[1] < options.ChildWeightMin)
        {
            return best;
        }

        var gain = Score(left, options.L2) + Score(right, options.L2) - whole;
        return gain > best.Gain ? new Split(gain, slot, bin, defaultLeft) : best;
    }

    private static double Score(Vector128<double> sum, double l2) => sum[0] * sum[0] / (sum[1] + l2);
}
