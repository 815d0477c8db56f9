using System.Globalization;

namespace Pilotage.Server.Portfolio.Value;

/// <summary>Where a figure comes from; only what was measured on running machines may say "saved".</summary>
public enum EvidenceClass
{
    Simulated,
    Benchmark,
    Replay,
    Live,
}

/// <summary>The words a statement needs that no figure carries.</summary>
/// <param name="Fleet">What the machines are, in the plural: "simulated FD001 engines", "pumps".</param>
/// <param name="Exposure">What running is counted in, in the plural: "cycles", "hours".</param>
/// <param name="Evidence">Where the figures come from.</param>
/// <param name="FitUnits">Machines every choice was made on.</param>
/// <param name="LeadCycles">From alarm to work.</param>
/// <param name="RealMachines">False when what is replayed came out of a simulator, however far away.</param>
public sealed record ValueWording(
    string Fleet, string Exposure, EvidenceClass Evidence, int FitUnits, int LeadCycles, bool RealMachines);

/// <summary>What may be claimed: the figures, the sentence that states them, and what they do not show.</summary>
public sealed record ValueStatement(ValueFigures Figures, EvidenceClass Evidence, string Claim, string Limits)
{
    /// <param name="figures">Measured on machines no choice was made on.</param>
    /// <param name="crossFitted">The same with every machine left out in turn, where that was computed.</param>
    /// <param name="wording">The words.</param>
    public static ValueStatement Of(ValueFigures figures, ValueFigures? crossFitted, ValueWording wording)
    {
        var limits = LimitsOf(wording);
        var sentences = new List<string>
        {
            Headline(figures, wording),
            Failures(figures),
        };
        if (crossFitted is not null)
        {
            sentences.Add($"On all {crossFitted.Units}, cross-fitted: {Whole(crossFitted.TotalVsBestFixed.Percent)} %.");
        }

        sentences.Add(limits);
        return new ValueStatement(figures, wording.Evidence, string.Join(' ', sentences), limits);
    }

    private static string Headline(ValueFigures figures, ValueWording wording)
    {
        var would = wording.Evidence == EvidenceClass.Live ? "was" : "would have been";
        return $"On {figures.Units} {wording.Fleet}{Manner(wording.Evidence)}, with work {wording.LeadCycles} "
            + $"{wording.Exposure} after an alarm, total downtime per 1,000 {wording.Exposure} {would} "
            + $"{Compared(figures.TotalVsBestFixed)} than with the best fixed interval chosen on the other "
            + $"{wording.FitUnits}, and {Compared(figures.TotalVsBestSensor)} than with the best single sensor.";
    }

    private static string Failures(ValueFigures figures) =>
        $"{figures.Failures} of {figures.Lives} failed unplanned (95 % bound {Whole(figures.FailuresBoundPercent)} %; "
        + $"with one more failure the saving is {Whole(figures.WithOneMoreFailurePercent)} %).";

    private static string Compared(Saving saving) =>
        $"{Whole(Math.Abs(saving.Percent))} % {(saving.Percent < 0 ? "higher" : "lower")} "
        + $"[{Whole(saving.Low)}, {Whole(saving.High)}]{(saving.ExcludesZero ? "" : " (not told apart from no difference)")}";

    private static string Manner(EvidenceClass evidence) => evidence switch
    {
        EvidenceClass.Simulated => ", in simulation",
        EvidenceClass.Benchmark => ", on a benchmark",
        EvidenceClass.Replay => ", replayed",
        _ => "",
    };

    private static string LimitsOf(ValueWording wording) => (wording.Evidence, wording.RealMachines) switch
    {
        (EvidenceClass.Live, _) => "Live figures hold for these machines and this period.",
        (EvidenceClass.Replay, true) =>
            "A replay cannot show what an intervention changes, nor behaviour on machines other than those recorded.",
        (EvidenceClass.Replay, false) =>
            "A replay cannot show what an intervention changes, nor behaviour on real machines.",
        _ => "A simulation cannot show what an intervention changes, nor behaviour on real machines.",
    };

    /// <summary>A figure as claims write it: no decimals.</summary>
    /// <remarks>Adding zero turns the negative zero, which would print as -0, into a plain one.</remarks>
    public static string Whole(double value) => (Math.Round(value, MidpointRounding.AwayFromZero) + 0.0).ToString("0", CultureInfo.InvariantCulture);
}
