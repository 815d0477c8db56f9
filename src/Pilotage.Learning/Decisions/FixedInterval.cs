namespace Pilotage.Learning.Decisions;

/// <summary>Work after the same number of cycles in every life: what a plant does without any monitoring.</summary>
public static class FixedInterval
{
    /// <summary>The interval with the least total downtime per cycle run on these lives; the shorter one on a tie.</summary>
    public static int Choose(IReadOnlyList<Life> lives, DowntimeProtocol protocol)
    {
        if (lives.Count == 0)
        {
            throw new ArgumentException("An interval needs lives to be chosen on.", nameof(lives));
        }

        var (best, bestRate) = (0, double.PositiveInfinity);
        // Past the longest life nothing changes any more: that is running to failure.
        for (var interval = 1; interval <= lives.Max(life => life.Cycles); interval++)
        {
            var rate = DowntimeTotal.Of(lives.Select(life => protocol.WorkAt(life, interval))).HoursPer1000;
            if (rate < bestRate)
            {
                (best, bestRate) = (interval, rate);
            }
        }

        return best;
    }
}
