using System.Text.Json.Nodes;
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

    private readonly Lazy<DemoFleet> _fleet = new(() => Source(options).Load());

    private string? ReportFile => options.Report is { } named ? Path.GetFullPath(named, session.WorkingDirectory) : null;

    /// <summary>Refuses what could not end well: data that is not there or not readable, a report that could not be written.</summary>
    public void Check()
    {
        DemoReport.Demand(ReportFile);
        _ = _fleet.Value;
    }

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var home = DemoHome.In(session.WorkingDirectory);
        var fleet = _fleet.Value;
        using var held = DemoLock.Take(home.Root);
        var ports = DemoPorts.Choose(options.Port);
        home.Clear();
        var print = new StepPrinter(session.Output, session.Time);
        print.Progress($"{fleet.Origin}: {fleet.Fit.Count} machines to fit on, {fleet.Evaluation.Count} to evaluate");
        await using var world = new DemoWorld(options, home, ports, fleet, print, session.Time, new Random(options.Seed + PlantSeedStep));
        WarnOfAnotherServer(world);
        try
        {
            await WalkAsync(world, cancellation);
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            world.Report.Faults.Add("interrupted before the end");
            Finish(world);
            throw;
        }
        catch (Exception failure)
        {
            // The stack is for the log; the terminal gets what failed, why, and where to look.
            await File.AppendAllTextAsync(home.Log("demo"), $"{failure}\n", CancellationToken.None);
            var told = CliFailure.Of(failure);
            world.Report.Faults.Add($"{told.Message}{(told.Why is { } why ? $": {why}" : "")}");
            Finish(world);
            throw new CliFailure(told.ExitCode, told.Message, told.Why, told.Try ?? $"the logs lie in {home.Logs}");
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

        // As it stands at the end; the first one was that of its installation.
        world.Report.Set("useCase", (await world.Api.GetAsync($"api/v1/use-cases/{world.UseCase}", cancellation))?.DeepClone());
    }

    /// <summary>What the environment names comes before what this folder says, so somebody else's server would be asked about this run.</summary>
    private void WarnOfAnotherServer(DemoWorld world)
    {
        if (session.Environment("PILOTAGE_SERVER") is { Length: > 0 } other && other.TrimEnd('/') != $"http://127.0.0.1:{world.Ports.Http}")
        {
            world.Print.Detail("note", $"PILOTAGE_SERVER is {other}: the verbs ask that server; unset PILOTAGE_SERVER PILOTAGE_TOKEN_FILE to ask this demonstration");
        }
    }

    private static IFleetSource Source(DemoOptions options) =>
        options.Data is { } folder ? new CmapssFolder(folder, options.Subset) : new PumpPlant(options.Seed);

    /// <summary>The report is written whatever happened; a walk that failed half way says where.</summary>
    private void Finish(DemoWorld world)
    {
        world.Report.Set("fleet", world.Fleet.Origin);
        world.Report.Set("incidents", new JsonArray([.. world.Incidents.Select(incident => (JsonNode)new JsonObject
        {
            ["process"] = incident.Name,
            ["pid"] = incident.Pid,
            ["exit"] = incident.Exit,
            ["secondsDown"] = Math.Round(incident.SecondsDown, 2),
            ["startedAgain"] = incident.Failure is null,
        })]));
        if (ReportFile is { } report)
        {
            world.Report.Write(report, world.Print.ElapsedSeconds);
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
