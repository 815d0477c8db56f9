using Pilotage.Server.Portfolio.Value;

namespace Pilotage.Load.Value;

/// <summary>What one training seed came to on engines it never saw.</summary>
/// <param name="ClippedError">Root mean squared error of remaining life on the test engines; null where their files are missing.</param>
internal sealed record SeedResult(ValueFigures Figures, double? ClippedError);

/// <summary>The table: for every promise the median over the seeds, and the worst of them.</summary>
internal static class ValueRows
{
    // What was promised of total downtime speaks of FD001, whose ceiling is known; what is promised of a share of the
    // ceiling, of the rival and of the interval holds anywhere.
    private const string Promised = "FD001";

    private static readonly Dictionary<string, (double Must, double Aim)> ErrorLimits = new(StringComparer.Ordinal)
    {
        ["FD001"] = (12, 11),
        ["FD002"] = (12, 10.9),
    };

    /// <summary>All rows of one subset.</summary>
    public static IEnumerable<BenchRow> Of(string subset, IReadOnlyList<SeedResult> held, IReadOnlyList<ValueFigures> crossed)
    {
        var promised = subset == Promised;
        var limits = ErrorLimits.TryGetValue(subset, out var known) ? known : ((double Must, double Aim)?)null;
        IReadOnlyList<ValueFigures> figures = [.. held.Select(result => result.Figures)];
        return
        [
            .. Fleet($"{subset} held-out fifth", figures, promised ? 30 : null, promised ? 42 : null),
            .. Spread(
                $"{subset} error of remaining life, test engines, clipped", "cycles", [.. held.Select(result => result.ClippedError)], limits?.Must, limits?.Aim, higher: false),
            .. crossed.Count == 0 ? [] : Fleet($"{subset} all, cross-fitted", crossed, promised ? 28 : null, promised ? 35 : null),
        ];
    }

    private static IEnumerable<BenchRow> Fleet(string who, IReadOnlyList<ValueFigures> all, double? must, double? aim) =>
    [
        .. Spread($"{who}: total vs best fixed interval", "%", [.. all.Select(f => (double?)f.TotalVsBestFixed.Percent)], must, aim),
        .. Spread($"{who}: its 95 % interval begins at", "%", [.. all.Select(f => (double?)f.TotalVsBestFixed.Low)], 0, null),
        .. Spread($"{who}: share of the ceiling", "%", [.. all.Select(f => f.ShareOfCeilingPercent)], 75, 90),
        .. Spread($"{who}: total vs best single sensor", "%", [.. all.Select(f => (double?)f.TotalVsBestSensor.Percent)], 0, 8),
        .. Spread($"{who}: unplanned vs run to failure", "%", [.. all.Select(f => (double?)f.UnplannedVsRunToFailurePercent)], 80, null),
        .. Spread($"{who}: failures of {all[0].Lives}", "lives", [.. all.Select(f => (double?)f.Failures)], null, null, higher: false),
        .. Spread($"{who}: their exact 95 % bound", "%", [.. all.Select(f => (double?)f.FailuresBoundPercent)], null, null, higher: false),
        .. Spread($"{who}: total with one more failure", "%", [.. all.Select(f => (double?)f.WithOneMoreFailurePercent)], null, null),
        .. Spread($"{who}: total vs interval with hindsight", "%", [.. all.Select(f => (double?)f.TotalVsHindsightPercent)], null, null),
    ];

    private static IEnumerable<BenchRow> Spread(
        string name, string unit, double?[] figures, double? must, double? aim, bool higher = true)
    {
        double[] measured = [.. figures.OfType<double>().Order()];
        double? median = measured.Length == 0 ? null : (measured[(measured.Length - 1) / 2] + measured[measured.Length / 2]) / 2;
        yield return new BenchRow(name, unit, median, null, null, must, aim, higher);
        if (figures.Length > 1)
        {
            double? worst = measured.Length == 0 ? null : higher ? measured[0] : measured[^1];
            yield return new BenchRow($"  the worst of {figures.Length} seeds", unit, worst, null, null, must, null, higher);
        }
    }
}
