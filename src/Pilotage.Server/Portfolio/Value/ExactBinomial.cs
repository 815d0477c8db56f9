namespace Pilotage.Server.Portfolio.Value;

/// <summary>Exact (Clopper-Pearson) bounds on a share, from k in n: honest where n is small and k is 0.</summary>
public static class ExactBinomial
{
    // Sixty halvings of [0, 1] end below the spacing of doubles there.
    private const int Halvings = 60;

    /// <summary>The share that is exceeded with a chance of at most 1 - confidence, given k of n (one-sided).</summary>
    public static double UpperBound(int k, int n, double confidence)
    {
        Check(k, n, confidence);
        return k == n ? 1 : Solve(share => AtMost(k, n, share) > 1 - confidence);
    }

    /// <summary>The share that is undercut with a chance of at most 1 - confidence, given k of n (one-sided).</summary>
    public static double LowerBound(int k, int n, double confidence)
    {
        Check(k, n, confidence);
        return k == 0 ? 0 : Solve(share => 1 - AtMost(k - 1, n, share) < 1 - confidence);
    }

    // The largest share for which the condition still holds; it holds at 0 and not at 1.
    private static double Solve(Func<double, bool> holds)
    {
        double low = 0, high = 1;
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            if (holds(middle))
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return (low + high) / 2;
    }

    // Chance of at most k in n, summed from term ratios in logarithms so that large n does not underflow early.
    private static double AtMost(int k, int n, double share)
    {
        if (share <= 0 || share >= 1)
        {
            return share <= 0 || k >= n ? 1 : 0;
        }

        var logTerm = n * Math.Log(1 - share);
        var sum = Math.Exp(logTerm);
        for (var i = 1; i <= k; i++)
        {
            logTerm += Math.Log((n - i + 1) / (double)i) + Math.Log(share / (1 - share));
            sum += Math.Exp(logTerm);
        }

        return Math.Min(1, sum);
    }

    private static void Check(int k, int n, double confidence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(confidence, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(confidence, 1);
    }
}
