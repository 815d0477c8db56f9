using System.Globalization;
using Pilotage.Server.Package;
using Pilotage.Server.Portfolio;
using Pilotage.Server.Portfolio.Value;

namespace Pilotage.Load.Value;

/// <summary>
/// What the engine package would have paid: on the last fifth of the engines, with several training seeds, and
/// cross-fitted over all of them, where every engine is scored by models, limits and rules chosen without it.
/// </summary>
internal static class ValueBench
{
    private const int OuterFolds = 5;
    private const int BootstrapSeed = 42;

    /// <summary>
    /// <c>--data DIR</c> with <c>train_FD00x.txt[.gz]</c> and, for the error of remaining life, <c>test_</c> and <c>RUL_</c>;
    /// <c>--subset FD001,FD002</c>; <c>--seed 42,1,2</c> repeats the training; <c>--cross-fit 1</c> seeds of those to
    /// cross-fit with, 0 for none; <c>--package</c> the engine sample.
    /// </summary>
    public static Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var data = arguments.Get("data", "");
        if (data.Length == 0)
        {
            throw new ArgumentException("bench value needs --data DIR with the C-MAPSS training files.");
        }

        var seeds = Numbers(arguments.Get("seed", "42"), "seed");
        var crossFits = Numbers(arguments.Get("cross-fit", "1"), "cross-fit")[0];
        var package = PackageReader.ReadFolder(arguments.Get("package", "samples/predictive-maintenance"), "site.demo.yaml").Value;
        var part = new FleetPart(package, UseCaseInstall.Define(package).Value);
        var rows = new List<BenchRow>();
        foreach (var subset in arguments.Get("subset", "FD001").Split(','))
        {
            var engines = EngineFile.Train(data, subset);
            var held = HeldOut(part, subset, engines, EngineFile.Test(data, subset), seeds);
            var crossed = seeds.Take(crossFits).Select(seed => CrossFit(part, subset, engines, seed)).ToList();
            var wording = new ValueWording(
                $"simulated {subset} engines", "cycles", EvidenceClass.Replay, FitCount(engines), part.Protocol.LeadCycles, RealMachines: false);
            Console.WriteLine($"seed {seeds[0]}: {ValueStatement.Of(held[0].Figures, crossed.FirstOrDefault(), wording).Claim}");
            rows.AddRange(ValueRows.Of(subset, held, crossed));
        }

        return Task.FromResult<IReadOnlyList<BenchRow>>(rows);
    }

    private static int FitCount(List<Engine> engines) => engines.Count * 8 / 10;

    private static List<SeedResult> HeldOut(
        FleetPart part, string subset, List<Engine> engines, List<Engine> test, List<int> seeds)
    {
        var fit = FitCount(engines);
        var results = new List<SeedResult>(seeds.Count);
        foreach (var seed in seeds)
        {
            var fitted = part.Fit(engines[..fit], seed, CancellationToken.None);
            var figures = Figures(part, fitted.Replay(engines[fit..]));
            var error = fitted.ClippedError(test);
            results.Add(new SeedResult(figures, error));
            Say($"{subset}, last {figures.Units} engines, seed {seed}", figures);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  alarm below {fitted.Threshold:0.0}; best sensor {fitted.Sensor}; error on {test.Count} test engines, clipped: {error:0.00} cycles"));
        }

        return results;
    }

    // Engines are dealt to folds by a seed, not by number: neighbours in the file may share a batch.
    private static ValueFigures CrossFit(FleetPart part, string subset, List<Engine> engines, int seed)
    {
        var order = Enumerable.Range(0, engines.Count).ToArray();
        new Random(BootstrapSeed).Shuffle(order);
        var lives = new List<ComparedLife>();
        for (var fold = 0; fold < OuterFolds; fold++)
        {
            var fresh = order.Where((_, i) => i % OuterFolds == fold).Order().Select(i => engines[i]).ToList();
            var fit = order.Where((_, i) => i % OuterFolds != fold).Order().Select(i => engines[i]).ToList();
            lives.AddRange(part.Fit(fit, seed, CancellationToken.None).Replay(fresh));
            Console.Error.WriteLine($"bench value: {subset}, seed {seed}, outer fold {fold + 1} of {OuterFolds} done");
        }

        var figures = Figures(part, lives);
        Say($"{subset}, all {figures.Units} cross-fitted, seed {seed}", figures);
        return figures;
    }

    private static ValueFigures Figures(FleetPart part, IReadOnlyList<ComparedLife> lives) =>
        ValueFigures.Of(new PolicyOutcomes(lives), part.Protocol, new Random(BootstrapSeed));

    private static void Say(string what, ValueFigures figures)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: total against the best fixed interval {figures.TotalVsBestFixed.Percent:0.0} % "
            + $"[{figures.TotalVsBestFixed.Low:0.0}, {figures.TotalVsBestFixed.High:0.0}], ceiling {figures.CeilingPercent:0.0} %, "
            + $"share {figures.ShareOfCeilingPercent:0} %; against the best sensor {figures.TotalVsBestSensor.Percent:0.0} % "
            + $"[{figures.TotalVsBestSensor.Low:0.0}, {figures.TotalVsBestSensor.High:0.0}]; failures {figures.Failures} of {figures.Lives} "
            + $"(95 % bound {figures.FailuresBoundPercent:0.0} %), with one more {figures.WithOneMoreFailurePercent:0.0} %; "
            + $"against the interval chosen with hindsight ({figures.HindsightInterval}) {figures.TotalVsHindsightPercent:0.0} %"));
        Console.WriteLine($"  hours per 1,000 cycles: {string.Join(", ", figures.HoursPer1000.Select(rate => string.Create(CultureInfo.InvariantCulture, $"{rate.Key} {rate.Value:0.00}")))}");
    }

    private static List<int> Numbers(string list, string option) =>
    [
        .. list.Split(',').Select(text => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ArgumentException($"--{option} takes whole numbers, separated by commas; '{text}' is none.")),
    ];
}
