using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Findings;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>What was measured, and how ready it is to be learned from.</summary>
internal sealed class Telemetry(TimeSeriesStore store, EventStore events, QualityWatch watch) : ITelemetry
{
    private const double NsPerHour = 3.6e12;
    private const double ScoreMax = 100;
    private const int FindingsNamed = 3;

    public IReadOnlyList<string> Properties(TenantId tenant, DeviceId device) =>
        [.. store.Series(tenant, device).Select(s => s.Property).Where(IsMeasured).Order(StringComparer.Ordinal)];

    public Readiness ReadinessOf(TenantId tenant, IReadOnlyList<Device> devices)
    {
        // What one device of a thing type measures, all of them should.
        var expected = devices.GroupBy(d => d.Thing, StringComparer.Ordinal).ToDictionary(
            g => g.Key, g => g.SelectMany(d => Properties(tenant, d.Id)).Distinct(StringComparer.Ordinal).ToList(), StringComparer.Ordinal);
        var rows = devices.Select(d => Of(tenant, d, expected[d.Thing])).ToList();
        if (rows.Count == 0)
        {
            return new Readiness(0, ["no devices are bound"], 0, 0, null, 0, []);
        }

        var rates = rows.Where(r => r.RatePerHour is not null).Select(r => r.RatePerHour!.Value).Order().ToList();
        return new Readiness(
            Math.Round(rows.Average(r => r.Score), 1),
            Reasons(rows),
            Math.Round(rows.Average(r => r.Coverage), 4),
            Math.Round(rows.Average(r => r.GapShare), 4),
            rates.Count == 0 ? null : rates[rates.Count / 2],
            rows.Sum(r => r.Points),
            rows);
    }

    private DeviceReadiness Of(TenantId tenant, Device device, List<string> expected)
    {
        var series = expected.Select(p => store.Statistics(new SeriesKey(tenant, device.Id, p))).ToList();
        var present = series.Where(s => s.Count > 1).ToList();
        var bad = events.BadCount(tenant, device.Id);
        if (present.Count == 0)
        {
            return new DeviceReadiness(device.Id.Value, device.Path, 0, ["no data yet"], 0, 0, null, series.Sum(s => s.Count), 0, 0, bad, null, null);
        }

        var points = series.Sum(s => s.Count);
        var coverage = series.Average(s => s.Coverage);
        var gapShare = (double)present.Sum(s => s.Gaps) / Math.Max(1, present.Sum(s => s.Count - 1));
        var overwritten = series.Sum(s => s.Overwritten);
        var doubtful = series.Sum(s => s.NotFinite + s.NotGood);
        var messages = present.Max(s => s.Count);

        // A hundred for what is there of what should be; then off for what contradicts itself, is in doubt, was not understood, or came in badly.
        var quality = QualityOf(tenant, device, expected);
        var score = ScoreMax * coverage * (1 - Share(overwritten, points)) * (1 - Share(doubtful, points)) * (1 - Share(bad, messages + bad)) * quality.Part;
        var interval = present.Select(s => s.IntervalNs).Where(i => i > 0).Order().ToList();
        var reasons = new List<string>();
        Say(reasons, series.Count > present.Count, $"{series.Count - present.Count} of {series.Count} properties missing");
        Say(reasons, coverage < 0.995, $"coverage {coverage:P0}");
        Say(reasons, present.Sum(s => s.Gaps) > 0, $"{present.Max(s => s.Gaps)} gaps, the longest {present.Max(s => s.LongestGapNs) / NsPerHour:0.##} h");
        Say(reasons, overwritten > 0, $"{overwritten} values overwritten by another one of the same time");
        Say(reasons, doubtful > 0, $"{doubtful} values not finite or of doubtful quality");
        Say(reasons, bad > 0, $"{bad} messages not understood");
        reasons.AddRange(quality.Reasons);
        return new DeviceReadiness(
            device.Id.Value, device.Path, Math.Round(score, 1), reasons, Math.Round(coverage, 4), Math.Round(gapShare, 4),
            interval.Count == 0 ? null : Math.Round(NsPerHour / interval[interval.Count / 2], 3), points, present.Sum(s => s.Gaps), overwritten, bad,
            present.Min(s => s.FirstNs), present.Max(s => s.LastNs));
    }

    /// <summary>The mean score of the expected series, as a part; one that is not watched is not held against the device.</summary>
    private (double Part, IEnumerable<string> Reasons) QualityOf(TenantId tenant, Device device, List<string> expected)
    {
        var scores = watch.ScoresOf(tenant, device.Id, IsCountedHere);
        var reasons = watch.Of(tenant, device.Id)
            .Where(series => scores.GetValueOrDefault(series.Property, ScoreMax) < ScoreMax && expected.Contains(series.Property))
            .OrderBy(series => scores[series.Property])
            .SelectMany(series => series.Findings.Where(finding => IsCountedHere(finding.Kind)).Take(1).Select(finding => $"{series.Property} {FindingKinds.NameOf(finding.Kind)}: {finding.Text}"));
        return (expected.Average(property => scores.GetValueOrDefault(property, ScoreMax)) / ScoreMax, reasons.Take(FindingsNamed));
    }

    // Gaps and contradictions stand in coverage and overwritten values already, over the whole time and not only the last days.
    private static bool IsCountedHere(FindingKind kind) => kind is not (FindingKind.Gap or FindingKind.Contradiction);

    private static List<string> Reasons(List<DeviceReadiness> rows)
    {
        var reasons = rows.Where(r => r.Reasons.Count > 0)
            .GroupBy(r => r.Reasons[0].Split(' ', 2)[^1], StringComparer.Ordinal)
            .OrderByDescending(g => g.Count())
            .Select(g => g.Count() == 1 ? $"{g.First().Device}: {g.First().Reasons[0]}" : $"{g.Count()} devices, {g.First().Device} first: {g.First().Reasons[0]}")
            .Take(5)
            .ToList();
        return reasons.Count > 0 ? reasons : [$"{rows.Count} devices, every expected value there"];
    }

    private static void Say(List<string> reasons, bool holds, string reason)
    {
        if (holds)
        {
            reasons.Add(reason);
        }
    }

    private static double Share(long part, long whole) => whole == 0 ? 0 : Math.Min(1, (double)part / whole);

    // Results of models stand beside measurements, under names with an @.
    internal static bool IsMeasured(string property) => !property.Contains('@', StringComparison.Ordinal);
}
