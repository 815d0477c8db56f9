using System.Globalization;
using Pilotage.Learning.Decisions;
using Pilotage.Server.Package;
using Pilotage.Server.Portfolio.Value;

namespace Pilotage.Server.Portfolio;

/// <summary>Measures the outcome against the frozen baseline. Every choice was made before: here is only counting.</summary>
internal sealed class ValueBook(Lives lives, Alerts alerts, Baselines baselines, SensorRows rows, BestSensors sensors)
{
    private const long HourNs = 3_600_000_000_000;
    private const double HoursPerMonth = 730.5;

    // A fixed seed: asked twice, the same lives give the same interval.
    private const int BootstrapSeed = 20_260_101;

    /// <summary>The report over all lives that ended after the freeze; refused while there is none, or the baseline does not verify.</summary>
    public Outcome<ValueReport> Measure(UseCase useCase)
    {
        if (!baselines.Read(useCase.Tenant, useCase.Id).TryGet(out var baseline, out var refusal))
        {
            return refusal;
        }

        var fitted = baseline.Document.Units.Select(unit => unit.Device).ToHashSet(StringComparer.Ordinal);
        var ended = lives.Ended(useCase);
        var fit = ended.Where(life => fitted.Contains(life.Device)).ToList();
        var scored = ended.Where(life => !fitted.Contains(life.Device)).ToList();
        if (scored.Count == 0)
        {
            return new Refusal("value.no_data", "No machine outside the baseline has ended its life yet: there is nothing to measure.");
        }

        if (fit.Count < fitted.Count || lives.DigestOf(useCase.Tenant, fit).ToString() != baseline.Document.Data)
        {
            return new Refusal("baseline.data_altered", "The data under the frozen baseline is not what it was when it was signed: a stop or a series of its machines changed.");
        }

        var rule = useCase.Definition.Rule;
        var protocol = new DowntimeProtocol(rule.LeadCycles, rule.UnplannedHours, rule.PlannedHours);
        var sensor = sensors.Of(useCase, baseline, fit, protocol);
        var alarms = FirstAlarms(useCase, scored);
        var outcomes = new PolicyOutcomes([.. scored.Select(life => ComparedLife.Of(
            new Life(life.Device, life.Cycles),
            protocol,
            baseline.Document.FixedIntervalCycles,
            sensor.FirstAlarm(rows.Observe(useCase.Tenant, life, useCase.Definition.Properties)),
            alarms.GetValueOrDefault(life.Device).Cycle))]);
        var figures = ValueFigures.Of(outcomes, protocol, new Random(BootstrapSeed));
        return Report(useCase, baseline, figures, outcomes, sensor, scored, alarms);
    }

    private static Outcome<ValueReport> Report(
        UseCase useCase,
        FrozenBaseline baseline,
        ValueFigures figures,
        PolicyOutcomes outcomes,
        BestSensor sensor,
        List<UnitLife> scored,
        Dictionary<string, (int? Cycle, string? Alert)> alarms)
    {
        var definition = useCase.Definition;
        var avoided = (figures.HoursPer1000["fixed_interval"] - figures.HoursPer1000["model"]) * outcomes.Model.Cycles / 1000;
        if (!Arithmetic.Evaluate(definition.Money.Benefit, Named).TryGet(out var benefit, out var refusal))
        {
            return refusal;
        }

        var months = (scored.Max(life => life.StopNs) - scored.Min(life => life.FirstNs)) / (double)HourNs / HoursPerMonth;
        var cost = definition.Money.CostOnce + (definition.Money.CostMonthly * months);
        var evidence = Enum.Parse<EvidenceClass>(definition.EvidenceClass, ignoreCase: true);
        var wording = new ValueWording(
            definition.Fleet, "cycles", evidence, baseline.Document.Units.Count, definition.Rule.LeadCycles, RealMachines: evidence == EvidenceClass.Live);
        var statement = ValueStatement.Of(figures, null, wording);
        return new ValueReport
        {
            UseCase = useCase.Id,
            EvidenceClass = definition.EvidenceClass,
            Origin = definition.Origin,
            Currency = definition.Money.Currency,
            Net = Round(benefit - cost),
            Benefit = Round(benefit),
            Cost = Round(cost),
            Formula = Formula(definition, avoided, benefit, cost, months),
            TotalVsBestFixedPct = Round(figures.TotalVsBestFixed.Percent),
            Ci95 = [Round(figures.TotalVsBestFixed.Low), Round(figures.TotalVsBestFixed.High)],
            CiExcludesZero = figures.TotalVsBestFixed.Low > 0,
            ShareOfCeilingPct = figures.ShareOfCeilingPercent is { } share ? Round(share) : null,
            CeilingPct = Round(figures.CeilingPercent),
            VsBestSensorPct = Round(figures.TotalVsBestSensor.Percent),
            VsBestSensorCi95 = [Round(figures.TotalVsBestSensor.Low), Round(figures.TotalVsBestSensor.High)],
            UnplannedVsRunToFailurePct = Round(figures.UnplannedVsRunToFailurePercent),
            FixedUnplannedVsRunToFailurePct = Round(figures.FixedUnplannedVsRunToFailurePercent),
            Failures = figures.Failures,
            FailuresBoundPct = Round(figures.FailuresBoundPercent),
            WithOneMoreFailurePct = Round(figures.WithOneMoreFailurePercent),
            Units = figures.Units,
            TargetPct = definition.TargetPct,
            Baselines = new(
                figures.HoursPer1000.ToDictionary(pair => pair.Key, pair => Round(pair.Value)),
                baseline.Document.FixedIntervalCycles,
                figures.HindsightInterval,
                Round(figures.TotalVsHindsightPercent),
                sensor.Name,
                sensor.Rule.Threshold,
                baseline.Document.Units.Count),
            Assumptions = definition.Assumptions,
            Claim = statement.Claim,
            NotShown = [statement.Limits, "crews, spare parts, secondary damage and other failure modes are not in the figures"],
            Baseline = baseline.Digest.ToString(),
            Lives = [.. outcomes.Lives.Select(life => new ValueUnit(
                life.Life.Unit, life.Life.Cycles, alarms.GetValueOrDefault(life.Life.Unit).Cycle, alarms.GetValueOrDefault(life.Life.Unit).Alert, life.Model.Unplanned))],
        };

        double? Named(string name) => name switch
        {
            "avoided_hours" or "saved_hours" => avoided,
            _ => definition.Assumptions.FirstOrDefault(assumption => assumption.Name == name)?.Value,
        };
    }

    /// <summary>Only the first alarm of a life counts: what follows it would not have happened.</summary>
    private Dictionary<string, (int? Cycle, string? Alert)> FirstAlarms(UseCase useCase, List<UnitLife> scored)
    {
        var first = alerts.OfReleases(useCase.Tenant).GroupBy(alert => alert.Device).ToDictionary(group => group.Key, group => group.MinBy(alert => alert.TimeNs)!);
        return scored.ToDictionary(
            life => life.Device,
            life => first.TryGetValue(life.Device, out var alert)
                ? ((int?)((alert.TimeNs - life.FirstNs + (HourNs / 2)) / HourNs) + 1, (string?)alert.Id)
                : (null, null));
    }

    private static string Formula(UseCaseDefinition definition, double avoided, double benefit, double cost, double months) => string.Create(
        CultureInfo.InvariantCulture,
        $"net = benefit - cost = ({definition.Money.Benefit}) - (once + monthly * months) = "
        + $"{benefit:0.##} - ({definition.Money.CostOnce:0.##} + {definition.Money.CostMonthly:0.##} * {months:0.####}) = {benefit - cost:0.##} {definition.Money.Currency}; "
        + $"avoided_hours = {avoided:0.####} = (hours per 1,000 cycles with the best fixed interval - with the model) * cycles run / 1000");

    private static double Round(double value) => Math.Round(value, 2);
}
