using System.Text.Json.Nodes;
using Pilotage.Learning.Onnx;
using Pilotage.Runtime;
using Pilotage.Streams;

namespace Pilotage.Server.Package.Pipelines;

/// <summary>The pipeline of a package without a server: compiled, explained, run over rows of a file by the very code that runs it live.</summary>
public sealed class PipelineDesk
{
    private readonly PipelinePlan _plan;

    private PipelineDesk(UseCasePackage package, PipelinePlan plan) => (Package, _plan) = (package, plan);

    /// <summary>The package that was read.</summary>
    public UseCasePackage Package { get; }

    /// <summary>The models that the pipeline asks.</summary>
    public IReadOnlyList<string> Models => [.. _plan.Models.Select(model => model.Name)];

    /// <summary>What it puts out: kinds of alerts and series targets with their columns.</summary>
    public IReadOnlyList<string> Outputs =>
    [
        .. _plan.AlertKinds.Select(kind => $"alert {kind}"),
        .. _plan.Targets.Select(target => $"series {target.Name}({string.Join(", ", target.Columns.Select(column => column.Unit is null ? column.Name : $"{column.Name} in {column.Unit}"))})"),
    ];

    /// <summary>What is so everywhere in a text that moves to Flink.</summary>
    public static IReadOnlyList<string> FlinkRemarks => FlinkPortability.Remarks;

    /// <summary>What a Flink cluster has not, or means otherwise: <c>line</c>, <c>column</c>, <c>what</c>, and what to write there <c>instead</c>.</summary>
    public Outcome<JsonArray> Flink => FlinkPortability.Check(Package.PipelineSql).Then(notes => (Outcome<JsonArray>)new JsonArray([.. notes.Select(note => (JsonNode)new JsonObject
    {
        ["line"] = note.Line,
        ["column"] = note.Column,
        ["what"] = note.What,
        ["instead"] = note.Instead,
    })]));

    /// <summary>Opens a package; numbers that its site does not supply are given or are 1, which is enough to compile.</summary>
    public static Outcome<PipelineDesk> Open(UseCasePackage package, IReadOnlyDictionary<string, double> chosen)
    {
        var parameters = package.Needs.Select(need => need.Name).Append(package.UseCase.Alarm?.Parameter).OfType<string>()
            .Distinct(StringComparer.Ordinal).ToDictionary(name => name, _ => 1.0, StringComparer.Ordinal);
        var known = parameters.Keys.Union(package.Site?.Parameters.Keys ?? []).ToList();
        if (chosen.Keys.FirstOrDefault(name => !known.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            return new Refusal("pipeline.unknown_parameter", $"The package has no parameter {unknown}; it has {(known.Count == 0 ? "none" : string.Join(", ", known))}.");
        }

        foreach (var (name, value) in chosen)
        {
            parameters[name] = value;
        }

        foreach (var (name, value) in package.Site?.Parameters ?? new Dictionary<string, double>())
        {
            parameters[name] = chosen.GetValueOrDefault(name, value);
        }

        return package.Compile(parameters).Then(plan => (Outcome<PipelineDesk>)new PipelineDesk(package, plan));
    }

    /// <summary>The steps as they would run, without a row: <c>step</c>, which ones it <c>reads</c>, <c>rows</c> it passed on, <c>stateBytes</c>, and what it <c>does</c>.</summary>
    public JsonArray Steps()
    {
        var models = _plan.Models.ToDictionary(model => model.Name, IModelInvoker (_) => new Unasked(), StringComparer.Ordinal);
        using var run = PipelineRun.Start(_plan, models, new LineSink(TextWriter.Null, _plan), TimeProvider.System).Value;
        return Told(run.Steps());
    }

    /// <summary>Runs it over rows.</summary>
    /// <param name="rows">CSV with the columns <c>device</c>, <c>ts</c> and properties; in order of arrival.</param>
    /// <param name="models">ONNX files by the name of their model.</param>
    /// <param name="output">Takes what it puts out, a line of JSON each.</param>
    /// <param name="closesWindows">Whether windows that are open at the end are closed; live they stay open.</param>
    public Outcome<PipelineReport> Run(Stream rows, IReadOnlyDictionary<string, byte[]> models, TextWriter output, bool closesWindows)
    {
        if (models.Keys.FirstOrDefault(name => !Models.Contains(name, StringComparer.Ordinal)) is { } unasked)
        {
            return new Refusal("pipeline.model_not_used", $"The pipeline does not ask a model called {unasked}; it asks {(Models.Count == 0 ? "none" : string.Join(", ", Models))}.");
        }

        var invokers = new Dictionary<string, IModelInvoker>(StringComparer.Ordinal);
        foreach (var schema in _plan.Models)
        {
            if (!models.TryGetValue(schema.Name, out var bytes))
            {
                Dispose(invokers);
                return new Refusal("pipeline.model_missing", $"The pipeline asks the model {schema.Name}; give its file: --model {schema.Name}=FILE.onnx.");
            }

            if (!OnnxInvoker.Load(bytes, new OnnxOptions(), schema).TryGet(out var invoker, out var refusal))
            {
                Dispose(invokers);
                return refusal;
            }

            invokers[schema.Name] = invoker;
        }

        var sink = new LineSink(output, _plan);
        using var run = PipelineRun.Start(_plan, invokers, sink, TimeProvider.System).Value;
        if (PipelineRows.Push(rows, Package.UseCase.Thing, _plan, run) is { } fault)
        {
            return fault;
        }

        if (closesWindows)
        {
            run.Advance(PipelineRows.LatestNs);
        }

        return new PipelineReport(Told(run.Steps()), Told(run.Counters), sink.Lines);
    }

    private static JsonArray Told(IReadOnlyList<PipelineStep> steps) => new([.. steps.Select((step, i) => (JsonNode)new JsonObject
    {
        ["step"] = i + 1,
        ["reads"] = new JsonArray([.. step.Inputs.Select(input => (JsonNode)(input + 1))]),
        ["rows"] = step.Rows,
        ["stateBytes"] = step.StateBytes,
        ["does"] = step.Text,
    })]);

    private static string Told(PipelineCounters counters) =>
        $"{counters.Rows} rows taken, {counters.Late} late, {counters.Duplicates} repeated, {counters.OutOfRange + counters.DevicesRefused} refused; "
        + $"{counters.Inferences} inferences, {counters.AlertsRaised} alerts raised, {counters.AlertsCleared} cleared";

    private static void Dispose(Dictionary<string, IModelInvoker> invokers)
    {
        foreach (var invoker in invokers.Values.OfType<IDisposable>())
        {
            invoker.Dispose();
        }
    }

    private sealed class Unasked : IModelInvoker
    {
        public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs)
        {
        }
    }
}

/// <summary>What a run did.</summary>
/// <param name="Steps">The steps with rows passed on and sizes of state.</param>
/// <param name="Counted">What was done and left out, in words.</param>
/// <param name="Lines">Lines that were put out.</param>
public sealed record PipelineReport(JsonArray Steps, string Counted, long Lines);
