using Pilotage.Learning.Decisions;

namespace Pilotage.Server.Portfolio.Value;

/// <summary>Every figure of a value study; none of them is meant to be shown alone.</summary>
public sealed record ValueFigures
{
    /// <summary>Total downtime against the best fixed interval: the figure that counts, first.</summary>
    public required Saving TotalVsBestFixed { get; init; }

    /// <summary>Total downtime against the best single signal with the same kind of rule.</summary>
    public required Saving TotalVsBestSensor { get; init; }

    /// <summary>What perfect knowledge would save against the best fixed interval, in percent.</summary>
    public required double CeilingPercent { get; init; }

    /// <summary>How much of that was reached, in percent; null where even perfect knowledge saves nothing.</summary>
    public double? ShareOfCeilingPercent { get; init; }

    /// <summary>Unplanned hours against running to failure, in percent: flattering, so never shown first.</summary>
    public required double UnplannedVsRunToFailurePercent { get; init; }

    /// <summary>The same for the best fixed interval, to show how little of it needs a model.</summary>
    public required double FixedUnplannedVsRunToFailurePercent { get; init; }

    /// <summary>Total against the best fixed interval had one more life failed, in percent.</summary>
    public required double WithOneMoreFailurePercent { get; init; }

    /// <summary>The interval these very lives would have wanted: known only afterwards.</summary>
    public required int HindsightInterval { get; init; }

    /// <summary>Total against that interval, in percent.</summary>
    public required double TotalVsHindsightPercent { get; init; }

    public required int Failures { get; init; }

    public required int Lives { get; init; }

    public required int Units { get; init; }

    /// <summary>Upper 95 % bound on the share of lives that fail, in percent; exact, one-sided, lives independent.</summary>
    public required double FailuresBoundPercent { get; init; }

    /// <summary>Hours of downtime per 1,000 cycles, by policy.</summary>
    public required IReadOnlyDictionary<string, double> HoursPer1000 { get; init; }

    /// <summary>Measures all figures on lives no choice was made on.</summary>
    public static ValueFigures Of(PolicyOutcomes outcomes, DowntimeProtocol protocol, Random random)
    {
        var (fixedRate, modelRate) = (outcomes.Fixed.HoursPer1000, outcomes.Model.HoursPer1000);
        var total = PairedBootstrap.Reduction(outcomes, life => life.Model, life => life.Fixed, random);
        var ceiling = PairedBootstrap.ReductionPercent(outcomes.Perfect.HoursPer1000, fixedRate);
        var lives = outcomes.Lives.Select(life => life.Life).ToList();
        var hindsight = FixedInterval.Choose(lives, protocol);
        var hindsightRate = outcomes.Total(life => protocol.WorkAt(life.Life, hindsight)).HoursPer1000;
        return new ValueFigures
        {
            TotalVsBestFixed = total,
            TotalVsBestSensor = PairedBootstrap.Reduction(outcomes, life => life.Model, life => life.Sensor, random),
            CeilingPercent = ceiling,
            ShareOfCeilingPercent = ceiling > 0 ? 100 * total.Percent / ceiling : null,
            UnplannedVsRunToFailurePercent = UnplannedReduction(outcomes.Model, outcomes.RunToFailure),
            FixedUnplannedVsRunToFailurePercent = UnplannedReduction(outcomes.Fixed, outcomes.RunToFailure),
            WithOneMoreFailurePercent = PairedBootstrap.ReductionPercent(
                outcomes.ModelWithOneMoreFailure(protocol).HoursPer1000, fixedRate),
            HindsightInterval = hindsight,
            TotalVsHindsightPercent = PairedBootstrap.ReductionPercent(modelRate, hindsightRate),
            Failures = outcomes.Model.Failures,
            Lives = outcomes.Lives.Count,
            Units = outcomes.Units,
            FailuresBoundPercent = 100 * ExactBinomial.UpperBound(outcomes.Model.Failures, outcomes.Lives.Count, 0.95),
            HoursPer1000 = new Dictionary<string, double>
            {
                ["run_to_failure"] = outcomes.RunToFailure.HoursPer1000,
                ["fixed_interval"] = fixedRate,
                ["best_sensor"] = outcomes.Sensor.HoursPer1000,
                ["model"] = modelRate,
                ["perfect_knowledge"] = outcomes.Perfect.HoursPer1000,
            },
        };
    }

    private static double UnplannedReduction(DowntimeTotal policy, DowntimeTotal reference) =>
        PairedBootstrap.ReductionPercent(policy.UnplannedHoursPer1000, reference.UnplannedHoursPer1000);
}
