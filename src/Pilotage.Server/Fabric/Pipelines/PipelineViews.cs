using Pilotage.Server.Hosting;
using Pilotage.Streams;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>A text to be run.</summary>
/// <param name="Sql">The text.</param>
/// <param name="Parameters">Numbers of its <c>${parameters}</c>.</param>
/// <param name="Models">Version of a model that it asks; of those that are not named the newest.</param>
/// <param name="From">It reads what was received since then, with empty windows; what arrives from now on where it is left out.</param>
/// <param name="Fresh">Begin with empty windows instead of those of the version before.</param>
internal sealed record PipelineBody(string Sql, IReadOnlyDictionary<string, double>? Parameters, IReadOnlyDictionary<string, string>? Models, DateTimeOffset? From, bool? Fresh);

/// <param name="State">running, catching-up (it reads from the store what it was not told), waiting, paused or failed.</param>
/// <param name="Why">Why it does not run; null where it does.</param>
/// <param name="Since">Since when it is so; of one that runs, since when it runs.</param>
/// <param name="Behind">Rows that were stored and that it has not looked at yet, of whatever device.</param>
internal sealed record PipelineRow(
    string Name, int Version, string State, string? Why, DateTimeOffset Since, IReadOnlyList<string> Tables, int Devices, IReadOnlyList<string> Outputs, long Behind, PipelineCountsView? Counts,
    DateTimeOffset? LastRow, string AppliedBy, DateTimeOffset Applied);

/// <summary>Counted since it was applied first, its versions together; rows and failures since it runs.</summary>
/// <param name="Failures">Rows at which a model failed.</param>
/// <param name="Standing">Alerts that stand now.</param>
internal sealed record PipelineCountsView(
    long Rows, long Taken, long Late, long Repeated, long OutOfRange, long DevicesRefused, long ReleasedEarly, long WindowRowsDropped, long TextsRefused, long Inferences, long InferencesRejected, long Failures,
    long AlertsRaised, long AlertsCleared, int Standing);

internal sealed record PipelineList(IReadOnlyList<PipelineRow> Items);

/// <param name="Steps">What runs, inputs before their readers; none where it does not run.</param>
/// <param name="Restored">What it took over from the state it began with; null where it began empty.</param>
internal sealed record PipelineView(
    PipelineRow Pipeline, string Sql, IReadOnlyDictionary<string, double> Parameters, IReadOnlyDictionary<string, string> Models, IReadOnlyList<StepView> Steps, RestoredView? Restored,
    DateTimeOffset? CheckpointAt, long? CheckpointBytes, string? LastFailure, IReadOnlyList<VersionView> Versions, IReadOnlyList<string> Notes);

/// <param name="Step">Its number.</param>
/// <param name="Reads">The steps it reads; none for a table.</param>
/// <param name="Rows">Rows it passed on since it runs.</param>
/// <param name="RowsPerSecond">The same a second, since somebody looked some seconds ago; since it runs where nobody did.</param>
/// <param name="StateBytes">What its windows and the like take in a checkpoint.</param>
internal sealed record StepView(int Step, IReadOnlyList<int> Reads, long Rows, double RowsPerSecond, long StateBytes, string Does);

/// <param name="TakenOver">Steps that went on with what they had.</param>
/// <param name="StartedEmpty">Steps that compute something else than before, or were not there.</param>
/// <param name="Dropped">Steps that are there no more, and what they kept is gone.</param>
internal sealed record RestoredView(int TakenOver, int StartedEmpty, int Dropped);

internal sealed record VersionView(int Version, string AppliedBy, DateTimeOffset Applied, DateTimeOffset? From);

/// <summary>What applying a text would do; nothing was done.</summary>
internal sealed record PipelinePreview(
    string Name, int Version, IReadOnlyList<string> Tables, IReadOnlyList<string> Outputs, IReadOnlyDictionary<string, string> Models, RestoredView? Restored, IReadOnlyList<string> Notes);

/// <summary>From what is known of a pipeline to what is told of it.</summary>
internal static class PipelineViews
{
    public static PipelineRow Row(PipelineEntry entry)
    {
        var (pipeline, live) = (entry.Pipeline, entry.Live);
        return new PipelineRow(
            pipeline.Name, pipeline.Version, StateOf(entry), entry.Failed ?? pipeline.Paused ?? live?.Waits, Clock.FromNs(live?.SinceNs ?? pipeline.WrittenNs),
            [.. pipeline.Document.Tables.Select(table => table.Name)], live?.Devices ?? 0, entry.Plan is { } plan ? Outputs(plan, pipeline.Name) : [], live?.Behind ?? 0,
            live is null ? null : Counts(live), live?.LastRowNs is > 0 and var last ? Clock.FromNs(last) : null, pipeline.WrittenBy, Clock.FromNs(pipeline.WrittenNs));
    }

    public static PipelineView Whole(PipelineEntry entry, IReadOnlyList<StoredPipeline> versions)
    {
        var (document, live) = (entry.Pipeline.Document, entry.Live);
        return new PipelineView(
            Row(entry), document.Sql, document.Parameters, document.Models,
            live is null || entry.Failed is not null ? [] :
            [
                .. live.Steps().Select((step, i) => new StepView(
                    i + 1, [.. step.Step.Inputs.Select(input => input + 1)], step.Step.Rows, Math.Round(step.RowsPerSecond, 2), step.Step.StateBytes, step.Step.Text)),
            ],
            Restored(live?.Restored), live?.Checkpoint is { } kept ? Clock.FromNs(kept.AtNs) : null, live?.Checkpoint?.Bytes, live?.Failures.Last,
            [.. versions.Select(one => new VersionView(one.Version, one.WrittenBy, Clock.FromNs(one.WrittenNs), one.Document.FromNs is { } from ? Clock.FromNs(from) : null))],
            live?.NotRestored is { } why ? [$"It began with empty windows: {why}"] : []);
    }

    public static PipelinePreview Preview(string name, PipelineOutlook outlook) => new(
        name, outlook.Version, [.. outlook.Document.Tables.Select(table => table.Name)], Outputs(outlook.Plan, name), outlook.Document.Models, Restored(outlook.TakenOver), Notes(outlook));

    private static List<string> Notes(PipelineOutlook outlook)
    {
        var notes = new List<string>();
        if (outlook.Version > 1 && !outlook.Document.IsFresh)
        {
            notes.Add(outlook.TakenOver is null ? "No checkpoint of it is there yet; applied, its steps go on with what they have at that moment." : "What is taken over is that of the last checkpoint; applied, it is that of the moment.");
        }

        if (outlook.Document.FromNs is not null)
        {
            notes.Add("It would read what was received since then first; alerts of that time are not told, and those that stand at its end are raised.");
        }

        return notes;
    }

    private static string StateOf(PipelineEntry entry) => entry switch
    {
        { Failed: not null } => "failed",
        { Pipeline.Paused: not null } => "paused",
        { Live.Waits: not null } => "waiting",
        { Live.IsCatchingUp: true } => "catching-up",
        _ => "running",
    };

    private static List<string> Outputs(PipelinePlan plan, string name) =>
    [
        .. plan.AlertKinds.Select(kind => $"alert {kind}"),
        .. plan.Targets.SelectMany(target => target.Columns.Select(column => $"series {target.Name}@{name}/{column.Name}{(column.Unit is null ? "" : $" in {column.Unit}")}")),
        .. plan.Models.SelectMany(model => model.Outputs.Select(output => $"series {model.Name}@{name}/{output}")),
    ];

    private static PipelineCountsView Counts(LivePipeline live)
    {
        var counters = live.Counters;
        return new PipelineCountsView(
            live.Rows, counters.Rows, counters.Late, counters.Duplicates, counters.OutOfRange, counters.DevicesRefused, counters.ReleasedEarly, counters.WindowRowsDropped, counters.TextsRefused, counters.Inferences,
            counters.InferencesRejected, live.Failures.Rows, counters.AlertsRaised, counters.AlertsCleared, live.Standing);
    }

    private static RestoredView? Restored(RestoreReport? report) => report is null ? null : new(report.TakenOver, report.StartedEmpty, report.Dropped);
}
