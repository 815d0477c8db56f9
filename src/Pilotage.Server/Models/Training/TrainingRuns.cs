using System.Text.Json;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;

namespace Pilotage.Server.Models.Training;

/// <summary>What to train: all models of a package, on one dataset, under one version.</summary>
/// <param name="Package">Digest of the package; null takes the one the dataset was cut with.</param>
internal sealed record TrainingRequest(string Dataset, string Version, string? Package = null);

/// <summary>A run as it stands.</summary>
/// <param name="Status">queued, running, done, refused, or interrupted by a stop of the server.</param>
internal sealed record TrainingRunView(string Id, string Status, string Progress, TrainingRequest Request, TrainingSummary? Result, string StartedAt, double Seconds);

/// <summary>What a run came to.</summary>
internal sealed record TrainingSummary(
    IReadOnlyList<TrainedSummary> Models, AlarmChoice? Alarm, long FeatureRows, int Units, string? Refused, IReadOnlyList<string> Broken);

/// <summary>One model of a run.</summary>
internal sealed record TrainedSummary(string Name, string Digest, IReadOnlyDictionary<string, double> Metrics, double ExportError, long ExportRows);

/// <summary>Runs in the catalogue. A run found running at the start was cut short by a stop and says so.</summary>
internal sealed class TrainingRuns : ITrainingRuns
{
    public const string Queued = "queued";
    public const string Running = "running";
    public const string Done = "done";
    public const string Refused = "refused";
    public const string Interrupted = "interrupted";
    private const double NsPerSecond = 1e9;
    private readonly ICatalogue _catalogue;
    private readonly TimeProvider _time;

    public TrainingRuns(ICatalogue catalogue, TimeProvider time)
    {
        (_catalogue, _time) = (catalogue, time);
        catalogue.Write((connection, _) => connection.Execute(
            "UPDATE models_runs SET status = $interrupted, ended_ns = $now, progress = 'the server stopped; start the run again' WHERE status IN ($queued, $running)",
            ("$interrupted", Interrupted), ("$now", time.NowNs()), ("$queued", Queued), ("$running", Running)));
    }

    public string Add(TenantId tenant, TrainingRequest request)
    {
        var id = "run_" + Guid.CreateVersion7(_time.GetUtcNow()).ToString("N");
        _catalogue.Write((connection, _) => connection.Execute(
            "INSERT INTO models_runs (tenant, run, request, status, progress, started_ns) VALUES ($tenant, $run, $request, $status, '', $now)",
            ("$tenant", tenant.Value), ("$run", id), ("$request", JsonSerializer.Serialize(request, JsonSerializerOptions.Web)), ("$status", Queued), ("$now", _time.NowNs())));
        return id;
    }

    public void Progress(TenantId tenant, string run, string progress) => _catalogue.Write((connection, _) => connection.Execute(
        "UPDATE models_runs SET status = $status, progress = $progress WHERE tenant = $tenant AND run = $run",
        ("$status", Running), ("$progress", progress), ("$tenant", tenant.Value), ("$run", run)));

    public void End(TenantId tenant, string run, string status, string progress, TrainingSummary? result) => _catalogue.Write((connection, _) => connection.Execute(
        "UPDATE models_runs SET status = $status, progress = $progress, result = $result, ended_ns = $now WHERE tenant = $tenant AND run = $run",
        ("$status", status),
        ("$progress", progress),
        ("$result", result is null ? null : JsonSerializer.Serialize(result, JsonSerializerOptions.Web)),
        ("$now", _time.NowNs()),
        ("$tenant", tenant.Value),
        ("$run", run)));

    public Outcome<TrainingRunView> Get(TenantId tenant, string run) =>
        List(tenant, run) is [var found, ..] ? found : new Refusal("run.not_found", $"There is no training run '{run}'; GET /api/v1/runs lists them.");

    public ChosenAlarm? AlarmOf(TenantId tenant, string run) =>
        Get(tenant, run).TryGet(out var found, out _) && found.Result?.Alarm is { } alarm ? new ChosenAlarm(alarm.Parameter, alarm.Threshold) : null;

    public IReadOnlyList<TrainingRunView> List(TenantId tenant, string? run = null) => _catalogue.Read(connection => connection.Query(
        """
        SELECT run, status, progress, request, result, started_ns, ended_ns FROM models_runs
        WHERE tenant = $tenant AND ($run IS NULL OR run = $run) ORDER BY started_ns DESC LIMIT 1000
        """,
        row => new TrainingRunView(
            row.GetString(0),
            row.GetString(1),
            row.GetString(2),
            JsonSerializer.Deserialize<TrainingRequest>(row.GetString(3), JsonSerializerOptions.Web)!,
            row.TextOrNull(4) is { } result ? JsonSerializer.Deserialize<TrainingSummary>(result, JsonSerializerOptions.Web) : null,
            Clock.Rfc3339(row.GetInt64(5)),
            Math.Round(((row.LongOrNull(6) ?? _time.NowNs()) - row.GetInt64(5)) / NsPerSecond, 1)),
        ("$tenant", tenant.Value), ("$run", run)));
}
