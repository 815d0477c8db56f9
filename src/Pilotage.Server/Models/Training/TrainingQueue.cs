using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Models.Datasets;
using Pilotage.Server.Models.Registry;

namespace Pilotage.Server.Models.Training;

/// <summary>Training runs, one after another: the machine has other work to do.</summary>
internal sealed partial class TrainingQueue(
    TrainingRuns runs,
    DatasetStore datasets,
    IPackages packages,
    IArtifactStore artifacts,
    ModelRegistry registry,
    TimeProvider time,
    ILogger<TrainingQueue> logger) : BackgroundService
{
    /// <summary>Runs that may wait; one more is refused.</summary>
    public const int WaitingMax = 16;
    private readonly Channel<(TenantId Tenant, string Run)> _waiting = Channel.CreateBounded<(TenantId, string)>(WaitingMax);

    public Outcome<string> Enqueue(TenantId tenant, TrainingRequest request)
    {
        if (!datasets.Get(tenant, request.Dataset).TryGet(out var dataset, out var refusal) || !PackageOf(tenant, request, dataset).TryGet(out var package, out refusal))
        {
            return refusal;
        }

        if (package.Models.FirstOrDefault(model => registry.Exists(tenant, new ModelVersion(model.Name, request.Version))) is { } there)
        {
            return new Refusal("model.exists", $"{there.Name} {request.Version} is registered already, and a version never changes; choose another version.");
        }

        var run = runs.Add(tenant, request);
        if (!_waiting.Writer.TryWrite((tenant, run)))
        {
            runs.End(tenant, run, TrainingRuns.Refused, "too many runs are waiting", null);
            return new Refusal("run.too_many", $"{WaitingMax} runs are waiting already; try again when one has ended.");
        }

        return run;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (tenant, run) in _waiting.Reader.ReadAllAsync(stoppingToken))
        {
            // Off the host's start-up path: a run computes for seconds to minutes.
            await Task.Run(() => Execute(tenant, run, stoppingToken), stoppingToken);
        }
    }

    private void Execute(TenantId tenant, string run, CancellationToken stopping)
    {
        try
        {
            var request = runs.Get(tenant, run).Value.Request;
            var outcome = datasets.Get(tenant, request.Dataset).Then(dataset =>
                PackageOf(tenant, request, dataset).Then(package =>
                    Rows(dataset).Then(rows =>
                        new TrainingJob(package, dataset.Manifest, rows, request.Version, run, dataset.Digest.ToString(), time)
                            .Execute(progress => runs.Progress(tenant, run, progress), stopping)
                            .Then(result => registry.Register(tenant, package, dataset, run, request.Version, result)))));
            if (outcome.TryGet(out var summary, out var refusal))
            {
                var refused = summary.Broken.Count > 0;
                runs.End(tenant, run, refused ? TrainingRuns.Refused : TrainingRuns.Done, refused ? string.Join("; ", summary.Broken) : "registered", summary);
                Log.RunEnded(logger, run, refused ? "refused" : "done");
            }
            else
            {
                runs.End(tenant, run, TrainingRuns.Refused, refusal.Message, null);
                Log.RunEnded(logger, run, refusal.Code);
            }
        }
        catch (OperationCanceledException)
        {
            runs.End(tenant, run, TrainingRuns.Interrupted, "the server stopped; start the run again", null);
        }
        catch (Exception failure)
        {
            // The queue goes on; the run says what happened.
            Log.RunFailed(logger, run, failure);
            runs.End(tenant, run, TrainingRuns.Refused, $"the run failed: {failure.Message}", null);
        }
    }

    private Outcome<DatasetRows> Rows(Dataset dataset)
    {
        _ = Digest.TryParse(dataset.Manifest.Rows, out var rows);
        return artifacts.Read(rows).Then(bytes => DatasetRows.Read(bytes));
    }

    private Outcome<Package.UseCasePackage> PackageOf(TenantId tenant, TrainingRequest request, Dataset dataset) =>
        Digest.TryParse(request.Package ?? dataset.Manifest.Package, out var package)
            ? packages.Get(tenant, package)
            : new Refusal("run.package_malformed", $"'{request.Package}' is not a package digest.");

    private static partial class Log
    {
        [LoggerMessage(EventId = 2401, Level = LogLevel.Information, Message = "Training run {Run} ended: {Outcome}")]
        public static partial void RunEnded(ILogger logger, string run, string outcome);

        [LoggerMessage(EventId = 2402, Level = LogLevel.Error, Message = "Training run {Run} failed")]
        public static partial void RunFailed(ILogger logger, string run, Exception failure);
    }
}
