using System.Numerics;

namespace Pilotage.Runtime;

/// <summary>Durations in buckets a sixteenth of their size wide: quantiles to within about six per cent, in constant
/// memory.</summary>
public sealed class LatencyHistogram
{
    private const int StepsPerDoubling = 16;
    private const int StepBits = 4;
    private readonly long[] _buckets = new long[64 * StepsPerDoubling];

    /// <summary>How many durations were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The longest one.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Adds a duration; negative ones count as nothing.</summary>
    public void Record(TimeSpan duration)
    {
        _buckets[BucketOf((ulong)Math.Max(0, duration.Ticks))]++;
        Count++;
        Longest = duration > Longest ? duration : Longest;
    }

    /// <summary>The duration that a share of all (0.5, 0.99) did not exceed, rounded up to its bucket; zero when there
    /// are none.</summary>
    public TimeSpan Quantile(double share)
    {
        var rank = (long)Math.Ceiling(share * Count);
        var seen = 0L;
        for (var bucket = 0; bucket < _buckets.Length && Count > 0; bucket++)
        {
            seen += _buckets[bucket];
            if (seen >= rank && seen > 0)
            {
                return TimeSpan.FromTicks(Math.Min(UpperTicks(bucket), Longest.Ticks));
            }
        }

        return TimeSpan.Zero;
    }

    // Below sixteen ticks each has its own bucket; above, the four bits after the leading one choose among sixteen.
    private static int BucketOf(ulong ticks)
    {
        if (ticks < StepsPerDoubling)
        {
            return (int)ticks;
        }

        var shift = BitOperations.Log2(ticks) - StepBits;
        return ((shift + 1) * StepsPerDoubling) + (int)((ticks >> shift) & (StepsPerDoubling - 1));
    }

    private static long UpperTicks(int bucket)
    {
        if (bucket < StepsPerDoubling)
        {
            return bucket;
        }

        var shift = (bucket / StepsPerDoubling) - 1;
        return ((StepsPerDoubling + (bucket % StepsPerDoubling) + 1L) << shift) - 1;
    }
}
