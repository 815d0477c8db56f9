using System.Globalization;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Findings;

/// <summary>What the findings of a series come to, in a number and in words.</summary>
internal static class QualityScore
{
    private const double ScoreMax = 100;
    private const double NsPerSecond = 1e9;

    // A series is silent now after so many usual distances, and a minute; and only one that came as it was measured.
    private const double SilentFactor = 5;
    private const double SilenceFactor = 3;
    private const double SilentMoreNs = 60 * NsPerSecond;
    private const double LiveNs = 300 * NsPerSecond;
    private const double LiveFactor = 10;

    /// <summary>A hundred, and off for each finding as much as it weighs now.</summary>
    public static double Of(ReadOnlySpan<Finding> findings, in SeriesPulse pulse, long nowNs, Func<FindingKind, bool> counts)
    {
        var score = ScoreMax;
        foreach (var kind in FindingKinds.All)
        {
            if (counts(kind))
            {
                var isSilent = kind == FindingKind.Gap && IsSilent(pulse, nowNs);
                var level = isSilent ? 1 : findings.IsEmpty || findings[(int)kind].Count == 0 ? 0 : findings[(int)kind].LevelAt(nowNs);
                score *= 1 - (FindingKinds.WeightOf(kind) * level);
            }
        }

        return Math.Round(score, 1);
    }

    /// <summary>Every finding that is still told, the heaviest first.</summary>
    public static IReadOnlyList<ToldFinding> Told(ReadOnlySpan<Finding> findings, in SeriesPulse pulse, long nowNs)
    {
        var told = new List<ToldFinding>();
        var isSilent = IsSilent(pulse, nowNs);
        foreach (var kind in FindingKinds.All)
        {
            if (kind == FindingKind.Gap && isSilent)
            {
                var before = findings.IsEmpty ? default : findings[(int)kind];
                var silent = before with { IsActive = true, SinceNs = pulse.LastNs, LastNs = nowNs, Count = before.Count + 1 };
                (silent.Value, silent.Usual) = ((nowNs - pulse.LastReceivedNs) / NsPerSecond, pulse.Interval / NsPerSecond);
                told.Add(new ToldFinding(kind, silent, string.Create(CultureInfo.InvariantCulture, $"silent since {Clock.Rfc3339(pulse.LastNs)}, usually one point in {silent.Usual:0.###} s")));
            }
            else if (!findings.IsEmpty && findings[(int)kind].IsTold(nowNs))
            {
                told.Add(new ToldFinding(kind, findings[(int)kind], Words(kind, findings[(int)kind])));
            }
        }

        return [.. told.OrderByDescending(finding => FindingKinds.WeightOf(finding.Kind) * finding.Facts.LevelAt(nowNs))];
    }

    private static bool IsSilent(in SeriesPulse pulse, long nowNs)
    {
        var isLive = Math.Abs(pulse.LastReceivedNs - pulse.LastNs) <= LiveNs + (LiveFactor * pulse.Interval);
        return pulse.Seen >= SeriesTracks.WarmUp && isLive
            && nowNs - pulse.LastReceivedNs > Math.Max(SilentFactor * pulse.Interval, SilenceFactor * pulse.Silence) + SilentMoreNs;
    }

    private static string Words(FindingKind kind, in Finding finding)
    {
        var (value, usual) = (Number(finding.Value), Number(finding.Usual));
        var what = kind switch
        {
            FindingKind.Stuck => $"the same value {value}",
            FindingKind.Flatline => $"varies by {value} from point to point, at least {usual} before",
            FindingKind.Spike => $"a spike to {value} from {usual}",
            FindingKind.OutOfRange => $"{value} is beyond {usual}",
            FindingKind.Gap => $"no points for {value} s, usually one in {usual} s",
            FindingKind.RateChange => $"a point in {value} s, {usual} s before",
            FindingKind.UnitJump => $"{usual} became {value}, as {UnitSteps.Of(finding.Detail)} does",
            FindingKind.ClockSkew => $"the device's clock is {value} s against ours, {usual} s before; it {(finding.Detail == 0 ? "jumped" : "drifts")}",
            _ => $"{usual} and then {value} at one time",
        };
        var since = Clock.Rfc3339(finding.SinceNs);
        return finding.IsActive ? $"{what}, since {since}" : finding.Count == 1 ? $"{what}, {since}" : $"{what}, {Clock.Rfc3339(finding.LastNs)}; {finding.Count} times, first {since}";
    }

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
