using Pilotage.Learning.Decisions;

namespace Pilotage.Server.Portfolio.Value;

/// <summary>A share of downtime saved, in percent, with its 95 % interval.</summary>
public readonly record struct Saving(double Percent, double Low, double High)
{
    public bool ExcludesZero => Low > 0 || High < 0;
}

/// <summary>How far a saving would have moved with another draw of machines.</summary>
/// <remarks>
/// Machines are drawn with replacement, each with all its lives and with both policies' outcomes on them, so that what
/// makes a life long or short cancels in the comparison. The interval is the percentile one.
/// </remarks>
public static class PairedBootstrap
{
    public const int Resamples = 10_000;

    /// <summary>The reduction of total hours per cycle run by one policy against another.</summary>
    public static Saving Reduction(
        PolicyOutcomes outcomes,
        Func<ComparedLife, LifeOutcome> policy,
        Func<ComparedLife, LifeOutcome> reference,
        Random random,
        int resamples = Resamples)
    {
        var units = outcomes.Lives
            .GroupBy(life => life.Life.Unit)
            .Select(lives => (Policy: DowntimeTotal.Of(lives.Select(policy)),
                Reference: DowntimeTotal.Of(lives.Select(reference))))
            .ToArray();
        var resampled = new double[resamples];
        for (var i = 0; i < resampled.Length; i++)
        {
            resampled[i] = Draw(units, random);
        }

        Array.Sort(resampled);
        var whole = ReductionPercent(outcomes.Total(policy).HoursPer1000, outcomes.Total(reference).HoursPer1000);
        return new Saving(whole, resampled[(int)(0.025 * resamples)], resampled[(int)(0.975 * resamples)]);
    }

    /// <summary>By how many percent a rate lies below a reference; 0 where there is nothing to save.</summary>
    public static double ReductionPercent(double rate, double reference) =>
        reference > 0 ? 100 * (1 - (rate / reference)) : 0;

    private static double Draw((DowntimeTotal Policy, DowntimeTotal Reference)[] units, Random random)
    {
        double hours = 0, cycles = 0, referenceHours = 0, referenceCycles = 0;
        for (var i = 0; i < units.Length; i++)
        {
            var (policy, reference) = units[random.Next(units.Length)];
            hours += policy.Hours;
            cycles += policy.Cycles;
            referenceHours += reference.Hours;
            referenceCycles += reference.Cycles;
        }

        return ReductionPercent(hours / cycles, referenceHours / referenceCycles);
    }
}
