using Pilotage.Cli.Demo.Fleet;
using Pilotage.Cli.Demo.Processes;
using Pilotage.Cli.Demo.Steps;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo;

/// <summary>Walks a use case from pilot to production on recorded machines, through the same doors a user has.</summary>
internal sealed class DemoRun(CliSession session, DemoOptions options)
{
    private const int PlantSeedStep = 1;
    private static readonly IDemoStep[] Walk =
    [
        new StartStep(),
        new HistoryStep(),
        new InstallStep(),
        new BaselineStep(),
        new GateStep("pilot", "sponsor", "ot_lead"),
        new TrainStep(),
        new ReleaseStep(),
        new FieldStep(),
        new AskStep("production"),
        new VerdictStep(),
        new OutcomeStep(),
        new GateStep("production", "sponsor", "maintenance", "controller"),
        new LivingStep(),
        new BadModelStep(),
        new HangingModelStep(),
        new ThreadStep(),
        new AccountStep(),
    ];

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var home = DemoHome.In(session.WorkingDirectory);
        var fleet = LoadFleet();
        using var held = DemoLock.Take(home.Root);
        home.Clear();
        var print = new StepPrinter(session.Output, session.Time);
        print.Progress($"{fleet.Origin}: {fleet.Fit.Count} machines to fit on, {fleet.Evaluation.Count} to evaluate");
        await using var world = new DemoWorld(options, home, fleet, print, session.Time, new Random(options.Seed + PlantSeedStep));
        try
        {
            await WalkAsync(world, cancellation);
        }
        catch (Exception failure) when (failure is CliFailure or IOException)
        {
            world.Report.Faults.Add($"{failure.Message}{((failure as CliFailure)?.Why is { } why ? $": {why}" : "")}");
            Finish(world);
            throw;
        }

        Finish(world);
        if (!options.Once)
        {
            await StayAsync(world, cancellation);
        }

        return world.Report.Faults.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static async Task WalkAsync(DemoWorld world, CancellationToken cancellation)
    {
        foreach (var step in Walk)
        {
            await step.RunAsync(world, cancellation);
        }
    }

    private DemoFleet LoadFleet()
    {
        IFleetSource source = options.Data is { } folder ? new CmapssFolder(folder, options.Subset) : new PumpPlant(options.Seed);
        return source.Load();
    }

    /// <summary>The report is written whatever happened; a walk that failed half way says where.</summary>
    private void Finish(DemoWorld world)
    {
        world.Report.Set("fleet", world.Fleet.Origin);
        world.Report.Set("incidents", new System.Text.Json.Nodes.JsonArray([.. world.Incidents.Select(incident => (System.Text.Json.Nodes.JsonNode)new System.Text.Json.Nodes.JsonObject
        {
            ["process"] = incident.Name,
            ["pid"] = incident.Pid,
            ["exit"] = incident.Exit,
            ["secondsDown"] = Math.Round(incident.SecondsDown, 2),
            ["startedAgain"] = incident.Failure is null,
        })]));
        if (options.Report is { } file)
        {
            world.Report.Write(Path.GetFullPath(file, session.WorkingDirectory), world.Print.ElapsedSeconds);
        }

        if (world.Report.Faults.Count == 0)
        {
            world.Print.Progress($"the loop ended right after {world.Print.ElapsedSeconds:0} s");
        }

        foreach (var fault in world.Report.Faults)
        {
            session.Error.WriteLine($"fault: {fault}");
        }
    }

    private async Task StayAsync(DemoWorld world, CancellationToken cancellation)
    {
        world.Print.Detail("next", $"pilotage usecase value {world.UseCase} --explain   |   pilotage rollout list   |   pilotage lineage show {world.Alert} --up   |   pilotage demo cheat");
        world.Print.Detail("end", "Ctrl-C, or pilotage demo stop");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, session.Time, cancellation);
        }
        catch (OperationCanceledException)
        {
            session.Error.WriteLine("ending…");
        }
    }
}
