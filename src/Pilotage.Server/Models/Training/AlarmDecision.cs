using Pilotage.Learning.Decisions;
using Pilotage.Server.Models.Datasets;
using Pilotage.Server.Package;

namespace Pilotage.Server.Models.Training;

/// <summary>Chooses the alarm limit that a package leaves open, on predictions for units their model had not seen.</summary>
internal static class AlarmDecision
{
    private const double NsPerHour = 3.6e12;
    private const int CurvePointsMax = 60;

    public static Outcome<AlarmChoice> Choose(UseCaseSpec useCase, AlarmSpec alarm, DatasetManifest dataset, LabelledRows rows, IReadOnlyList<float[]> outOfFold)
    {
        if (useCase.Outcome.Work is not { } work)
        {
            return new Refusal("training.no_work_rule", $"{alarm.At}: an alarm limit that minimises downtime needs outcome.work, which says what an alarm sets in motion.");
        }

        var protocol = new DowntimeProtocol((int)Math.Round(work.Lead.TotalHours), work.Unplanned.TotalHours, work.Planned.TotalHours);
        var series = outOfFold.SelectMany(deal => Series(dataset, rows, deal)).ToList();
        if (series.Count == 0)
        {
            return new Refusal("training.no_lives", "No unit of the dataset has stopped yet, so no alarm limit can be chosen.");
        }

        var rule = AlarmThreshold.Choose(series, protocol);
        var chosen = rule.Curve.First(point => point.Threshold.Equals(rule.Threshold));
        var step = Math.Max(1, rule.Curve.Count / CurvePointsMax);
        return new AlarmChoice(
            alarm.Parameter,
            rule.Threshold,
            rule.Expected,
            chosen.Plain,
            chosen.Failures,
            series.Count,
            [.. rule.Curve.Where((_, i) => i % step == 0).Select(point => new AlarmCurvePoint(point.Threshold, point.Expected, point.Plain, point.Failures))]);
    }

    /// <summary>One series a stopped unit, hour by hour; an hour without a labelled row raises nothing.</summary>
    private static List<AlarmSeries> Series(DatasetManifest dataset, LabelledRows rows, float[] outOfFold)
    {
        var scores = new Dictionary<int, double[]>();
        for (var row = 0; row < outOfFold.Length; row++)
        {
            var unit = dataset.Units[rows.Matrix.Units[row]];
            if (!scores.TryGetValue(rows.Matrix.Units[row], out var hours))
            {
                hours = new double[Hour(unit, unit.StopNs!.Value) + 1];
                Array.Fill(hours, double.NaN);
                scores[rows.Matrix.Units[row]] = hours;
            }

            hours[Hour(unit, rows.Times[row])] = outOfFold[row];
        }

        return [.. scores.OrderBy(pair => pair.Key).Select(pair =>
            new AlarmSeries(new Life(dataset.Units[pair.Key].Path, pair.Value.Length), pair.Value, AlarmSide.Below))];
    }

    private static int Hour(DatasetUnit unit, long atNs) => (int)Math.Round((atNs - unit.FirstNs) / NsPerHour);
}
