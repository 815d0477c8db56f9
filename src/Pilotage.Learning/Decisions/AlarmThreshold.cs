namespace Pilotage.Learning.Decisions;

/// <summary>One point of the cost curve.</summary>
/// <param name="Threshold">Where the alarm is set.</param>
/// <param name="Expected">Hours of downtime per 1,000 cycles, alarm times uncertain.</param>
/// <param name="Plain">The same taken at face value, every alarm at exactly the cycle it had.</param>
/// <param name="Failures">Scored lives that fail in service, at face value; one scored twice counts twice.</param>
public readonly record struct CostPoint(double Threshold, double Expected, double Plain, int Failures);

/// <summary>An alarm threshold, what it is expected to cost, and the curve it was chosen from.</summary>
public sealed record AlarmRule(double Threshold, AlarmSide Side, double Expected, IReadOnlyList<CostPoint> Curve);

/// <summary>Sets the threshold where downtime is least once alarm times are taken as uncertain.</summary>
/// <remarks>
/// The cheapest point of the plain curve sits just beside a failure: it fits the handful of lives at the edge and breaks
/// on the next fleet. So each alarm is spread over a normal distribution around its cycle, as wide as a kernel density
/// estimate of the life left at alarm would make it (Silverman's rule), and expected hours over expected cycles is
/// minimised, on the safe side of the flat bottom that this curve has. Scores must come from models that never saw the
/// life they score. A life may be given several times, scored by models of other folds and seeds: the curve is then the
/// mean over them, and how far such models disagree about a life is spread like any other difference.
/// </remarks>
public static class AlarmThreshold
{
    /// <summary>Thresholds tried; more follow the same curve more closely than its own noise allows.</summary>
    private const int CandidatesMax = 400;

    /// <summary>Multiple of Silverman's width by which alarm times are spread.</summary>
    public const double DefaultSpread = 1;

    /// <summary>How much dearer than the least a threshold may be to be taken for its earlier alarms.</summary>
    /// <remarks>
    /// The curve's bottom is flat, and where on it the least point falls is chance: dealing the folds anew moves it by
    /// cycles. In 16 nested cross-fits within the fit parts of four simulated turbofan fleets, hours over those of
    /// perfect knowledge and failures of 2,268 lives were 1.086 and 20 at the least point, 1.083 and 10 with half this
    /// share. The whole of it costs another hour in a hundred there and keeps the limit two cycles further from the edge:
    /// a premium against lives unlike those seen, which docs/adr/0014 weighs.
    /// </remarks>
    public const double FlatShare = 0.02;

    /// <param name="series">Out-of-sample scores of the lives to choose on, all with the same side; several a life if wished.</param>
    /// <param name="protocol">What an alarm costs and saves.</param>
    /// <param name="spread">Multiple of Silverman's width; 0 takes alarm times at face value.</param>
    public static AlarmRule Choose(
        IReadOnlyList<AlarmSeries> series, DowntimeProtocol protocol, double spread = DefaultSpread)
    {
        if (series.Count == 0 || series.Any(one => one.Side != series[0].Side))
        {
            throw new ArgumentException("A threshold needs lives, all alarmed on the same side.", nameof(series));
        }

        var lives = series.Select(one => one.Life).Distinct().Count();
        var curve = Candidates(series).Select(threshold => Cost(series, protocol, threshold, spread, lives)).ToList();
        var chosen = SafeSide(curve, series[0].Side);
        return new AlarmRule(chosen.Threshold, series[0].Side, chosen.Expected, curve);
    }

    // From the least point towards earlier alarms, as long as they cost next to nothing.
    private static CostPoint SafeSide(List<CostPoint> curve, AlarmSide side)
    {
        var at = Enumerable.Range(0, curve.Count).MinBy(i => curve[i].Expected);
        var limit = curve[at].Expected * (1 + FlatShare);
        var earlier = side == AlarmSide.Below ? 1 : -1;
        while (at + earlier >= 0 && at + earlier < curve.Count && curve[at + earlier].Expected <= limit)
        {
            at += earlier;
        }

        return curve[at];
    }

    private static CostPoint Cost(
        IReadOnlyList<AlarmSeries> series, DowntimeProtocol protocol, double threshold, double spread, int lives)
    {
        var alarms = series.Select(one => one.FirstAlarm(threshold)).ToArray();
        var width = spread * Width(series, alarms, lives);
        double hours = 0, cycles = 0, plainHours = 0, plainCycles = 0;
        var failures = 0;
        for (var i = 0; i < alarms.Length; i++)
        {
            var plain = protocol.Alarmed(series[i].Life, alarms[i]);
            plainHours += plain.Hours;
            plainCycles += plain.Cycles;
            failures += plain.Unplanned ? 1 : 0;
            var expected = alarms[i] is { } alarm && width > 0
                ? UncertainAlarm.Expected(series[i].Life, protocol, alarm, width)
                : (plain.Hours, plain.Cycles);
            hours += expected.Hours;
            cycles += expected.Cycles;
        }

        return new CostPoint(threshold, 1000 * hours / cycles, 1000 * plainHours / plainCycles, failures);
    }

    // Silverman's rule with the robust spread, so that one life alarmed far too early does not blur the others. Its count
    // is of lives, not of scorings: to score the same lives again shows nothing of the lives that were not seen.
    private static double Width(IReadOnlyList<AlarmSeries> series, int?[] alarms, int lives)
    {
        var left = alarms
            .Select((alarm, i) => series[i].Life.Failed ? series[i].Life.Cycles - alarm : null)
            .Where(cycles => cycles is not null)
            .Select(cycles => (double)cycles!.Value)
            .Order()
            .ToArray();
        if (left.Length < 2)
        {
            return 0;
        }

        var mean = left.Average();
        var deviation = Math.Sqrt(left.Sum(value => (value - mean) * (value - mean)) / (left.Length - 1));
        var quartiles = (left[left.Length * 3 / 4] - left[left.Length / 4]) / 1.34;
        var robust = quartiles > 0 ? Math.Min(deviation, quartiles) : deviation;
        return 0.9 * robust * Math.Pow(lives, -0.2);
    }

    private static List<double> Candidates(IReadOnlyList<AlarmSeries> series)
    {
        var extremes = series.SelectMany(one => one.Extremes).Distinct().Order().ToList();
        if (extremes.Count == 0)
        {
            throw new ArgumentException("No life has a score.", nameof(series));
        }

        // Half way between neighbours: a threshold equal to a score would hang on its last bit.
        var middles = extremes.Zip(extremes.Skip(1), (low, high) => low + ((high - low) / 2)).ToList();
        middles.Insert(0, extremes[0]);
        middles.Add(extremes[^1]);
        if (middles.Count <= CandidatesMax)
        {
            return middles;
        }

        return [.. Enumerable.Range(0, CandidatesMax)
            .Select(i => middles[(int)((long)i * (middles.Count - 1) / (CandidatesMax - 1))])];
    }
}
