using Pilotage.Learning.Decisions;
using Pilotage.Server.Package;
using Pilotage.Server.Portfolio.Value;

namespace Pilotage.Load.Value;

/// <summary>
/// What the engine package would have paid: once on the last fifth of the engines, and cross-fitted over all of them,
/// where every engine is scored by models, limits and rules chosen without it.
/// </summary>
internal static class ValueBench
{
    private const int OuterFolds = 5;
    private const int Seed = 42;

    /// <summary><c>--data DIR</c> with <c>train_FD00x.txt[.gz]</c>; <c>--subset</c> FD001; <c>--package</c> the engine sample.</summary>
    public static Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var data = arguments.Get("data", "");
        if (data.Length == 0)
        {
            throw new ArgumentException("bench value needs --data DIR with the C-MAPSS training files.");
        }

        var subset = arguments.Get("subset", "FD001");
        var package = PackageReader.ReadFolder(arguments.Get("package", "samples/predictive-maintenance"), null).Value;
        var work = package.UseCase.Outcome.Work ?? throw new ArgumentException("The package has no work rule.");
        var alarm = package.UseCase.Alarm ?? throw new ArgumentException("The package leaves no alarm limit open.");
        var protocol = new DowntimeProtocol(
            (int)work.Lead.TotalHours, work.Unplanned.TotalHours, work.Planned.TotalHours);
        var part = new FleetPart(package, alarm, protocol);
        var engines = EngineFile.Read(data, subset);

        var fit = engines.Count * 8 / 10;
        var held = Figures(part.Replay(engines[..fit], engines[fit..], CancellationToken.None), protocol);
        Say($"{subset}, last {held.Units} engines", held);
        var crossed = Figures(CrossFit(part, engines), protocol);
        Say($"{subset}, all {crossed.Units} cross-fitted", crossed);
        var wording = new ValueWording($"simulated {subset} engines", "cycles", EvidenceClass.Replay, fit, protocol.LeadCycles, RealMachines: false);
        Console.WriteLine(ValueStatement.Of(held, crossed, wording).Claim);
        return Task.FromResult<IReadOnlyList<BenchRow>>(Rows(held, crossed));
    }

    // Engines are dealt to folds by a seed, not by number: neighbours in the file may share a batch.
    private static List<ComparedLife> CrossFit(FleetPart part, List<Engine> engines)
    {
        var order = Enumerable.Range(0, engines.Count).ToArray();
        new Random(Seed).Shuffle(order);
        var lives = new List<ComparedLife>();
        for (var fold = 0; fold < OuterFolds; fold++)
        {
            var fresh = order.Where((_, i) => i % OuterFolds == fold).Order().Select(i => engines[i]).ToList();
            var fit = order.Where((_, i) => i % OuterFolds != fold).Order().Select(i => engines[i]).ToList();
            lives.AddRange(part.Replay(fit, fresh, CancellationToken.None));
            Console.Error.WriteLine($"bench value: outer fold {fold + 1} of {OuterFolds} done");
        }

        return lives;
    }

    private static ValueFigures Figures(IReadOnlyList<ComparedLife> lives, DowntimeProtocol protocol) =>
        ValueFigures.Of(new PolicyOutcomes(lives), protocol, new Random(Seed));

    private static void Say(string what, ValueFigures figures)
    {
        Console.WriteLine(
            $"{what}: total against the best fixed interval {figures.TotalVsBestFixed.Percent:0.0} % "
            + $"[{figures.TotalVsBestFixed.Low:0.0}, {figures.TotalVsBestFixed.High:0.0}], ceiling {figures.CeilingPercent:0.0} %, "
            + $"share {figures.ShareOfCeilingPercent:0} %; against the best sensor {figures.TotalVsBestSensor.Percent:0.0} % "
            + $"[{figures.TotalVsBestSensor.Low:0.0}, {figures.TotalVsBestSensor.High:0.0}]; failures {figures.Failures} of {figures.Lives} "
            + $"(95 % bound {figures.FailuresBoundPercent:0.0} %), with one more {figures.WithOneMoreFailurePercent:0.0} %; "
            + $"against the interval chosen with hindsight ({figures.HindsightInterval}) {figures.TotalVsHindsightPercent:0.0} %");
        Console.WriteLine($"  hours per 1,000 cycles: {string.Join(", ", figures.HoursPer1000.Select(rate => $"{rate.Key} {rate.Value:0.00}"))}");
    }

    private static List<BenchRow> Rows(ValueFigures held, ValueFigures crossed) =>
    [
        new("total vs best fixed interval, held-out fifth", "%", held.TotalVsBestFixed.Percent, null, null, 30, 42, HigherIsBetter: true),
        new("  its 95 % interval begins at", "%", held.TotalVsBestFixed.Low, null, null, 0, null, HigherIsBetter: true),
        new("  share of the ceiling", "%", held.ShareOfCeilingPercent, null, null, 75, 90, HigherIsBetter: true),
        new("  total vs best single sensor", "%", held.TotalVsBestSensor.Percent, null, null, 0, 8, HigherIsBetter: true),
        new("  unplanned vs run to failure", "%", held.UnplannedVsRunToFailurePercent, null, null, 80, null, HigherIsBetter: true),
        new("  failures", "lives", held.Failures, null, null, null, null),
        new("total vs best fixed interval, cross-fitted", "%", crossed.TotalVsBestFixed.Percent, null, null, 28, 35, HigherIsBetter: true),
        new("  its 95 % interval begins at", "%", crossed.TotalVsBestFixed.Low, null, null, 0, null, HigherIsBetter: true),
        new("  share of the ceiling", "%", crossed.ShareOfCeilingPercent, null, null, null, null),
        new("  total vs best single sensor", "%", crossed.TotalVsBestSensor.Percent, null, null, null, null),
        new("  failures", "lives", crossed.Failures, null, null, null, null),
    ];
}
