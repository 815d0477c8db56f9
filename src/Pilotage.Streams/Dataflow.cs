using System.Buffers;
using Pilotage.Core;
using Pilotage.Streams.Operators;
using Pilotage.Streams.Planning;
using Pilotage.Streams.State;

namespace Pilotage.Streams;

/// <summary>The operators of one plan, running. One thread at a time; pushing allocates nothing once devices and
/// windows have reached their size.</summary>
public sealed partial class Dataflow
{
    // "PLCK": a checkpoint. The version counts changes of the format.
    private const int Magic = 0x4B434C50;
    private const int Version = 2;
    private const int VersionWithoutTexts = 1;
    internal const long LatestNs = 0x7FEF_FFFF_FFFF_FFFF;
    private readonly RunContext _context;
    private readonly GraphBuilder _graph;
    private bool _touched;

    private Dataflow(RunContext context, GraphBuilder graph) => (_context, _graph) = (context, graph);

    /// <summary>What was done and left out so far.</summary>
    public PipelineCounters Counters => _context.Counters;

    /// <summary>How many devices have state.</summary>
    public int Devices => _context.Devices.Count;

    /// <summary>Starts the whole pipeline; every model of the plan must be there.</summary>
    public static Outcome<Dataflow> Start(
        PipelinePlan plan, IReadOnlyDictionary<string, IModelInvoker> models, IPipelineSink sink, TimeProvider time)
    {
        if (Missing(plan.Models, models) is { } missing)
        {
            return missing;
        }

        var context = new RunContext(sink, time, plan.Limits, plan.Texts);
        var graph = new GraphBuilder(plan, models, context);
        foreach (var root in plan.Roots)
        {
            graph.Add(root);
        }

        return new Dataflow(context, graph);
    }

    /// <summary>Starts only what leads to the inputs of one model, which are collected instead of asked; models before
    /// it must be there and are asked.</summary>
    public static Outcome<Dataflow> StartFeatures(
        PipelinePlan plan, string model, IReadOnlyDictionary<string, IModelInvoker> models, IFeatureSink features, TimeProvider time)
    {
        var nodes = plan.Roots.SelectMany(root => root.Upstream()).OfType<PredictNode>().Distinct().ToArray();
        var wanted = Array.FindAll(nodes, node => node.Model.Name == model);
        if (wanted.Length != 1)
        {
            return wanted.Length == 0
                ? new Refusal("pipeline.model_not_used", $"The pipeline does not ask a model called {model}.")
                : new Refusal("pipeline.model_used_twice", $"The pipeline asks {model} in {wanted.Length} places; a data set has one.");
        }

        var needed = wanted[0].Input!.Upstream().OfType<PredictNode>().Select(node => node.Model);
        if (Missing(needed, models) is { } missing)
        {
            return missing;
        }

        if (TextTaint.Reaches(wanted[0]))
        {
            return new Refusal(
                "pipeline.text_before_model",
                $"What {model} is asked depends on a text; data sets hold numbers, so what it was taught could not be what it is asked. Keep texts out of what leads to the model, or send them as numbers.");
        }

        var context = new RunContext(new NoSink(), time, plan.Limits, plan.Texts);
        var graph = new GraphBuilder(plan, models, context);
        graph.AddFeatures(wanted[0], features);
        return new Dataflow(context, graph);
    }

    /// <summary>Gives a row of a device to the source at this position of the plan; values in the order of its thing
    /// type.</summary>
    /// <remarks>What a model throws comes out here. The row then counts as seen: windows before the model hold it,
    /// nothing after the model does, and the next row may be pushed.</remarks>
    public PushResult Push(int source, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId) =>
        Push(source, device, tsNs, values, [], inputId);

    /// <summary>The same with texts, by the place of their property; places of numbers are not looked at, and null is NULL.</summary>
    public PushResult Push(int source, DeviceId device, long tsNs, ReadOnlySpan<double> values, ReadOnlySpan<string?> texts, long inputId)
    {
        _touched = true;
        if (_graph.Sources[source] is not { } operators)
        {
            return PushResult.Taken;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, operators.Width);
        if (tsNs is < 0 or > LatestNs)
        {
            _context.OutOfRange++;
            return PushResult.OutOfRange;
        }

        var index = _context.Devices.IndexOf(device);
        if (index < 0)
        {
            _context.DevicesRefused++;
            return PushResult.TooManyDevices;
        }

        if (_context.Texts.IsDue)
        {
            // Between two rows, when nothing is under way: what no step keeps is nobody's any more.
            MarkTexts();
            _context.Texts.EndSweep();
        }

        return operators.Take(index, tsNs, values, texts, inputId);
    }

    /// <summary>States that nothing older will come from any device: waiting rows go on, windows that end by then
    /// close.</summary>
    public void Advance(long watermarkNs)
    {
        _touched = true;
        foreach (var source in _graph.Sources)
        {
            source?.Advance(watermarkNs);
        }
    }

    /// <summary>What runs, step by step, inputs before their readers: what each has passed on so far, and what a checkpoint of its state takes.</summary>
    public IReadOnlyList<PipelineStep> Steps()
    {
        var numbers = new Dictionary<PlanNode, int>(ReferenceEqualityComparer.Instance);
        var steps = new List<PipelineStep>();
        var state = new ArrayBufferWriter<byte>();
        foreach (var (node, step) in _graph.Steps)
        {
            numbers[node] = steps.Count;
            state.ResetWrittenCount();
            step.Save(new(state));
            steps.Add(new(node.DescribeStep(), [.. node.Inputs.Select(input => numbers[input])], step.Emitted, state.WrittenCount));
        }

        return steps;
    }

    /// <summary>Drops all that is kept for a device: windows, waiting rows, raised alerts (which are not cleared
    /// first). Should it come again, it is new.</summary>
    public void Forget(DeviceId device)
    {
        var index = _context.Devices.Forget(device);
        if (index < 0)
        {
            return;
        }

        foreach (var (_, step) in _graph.Stateful)
        {
            step.Forget(index);
        }
    }

    /// <summary>Writes all state, with a checksum.</summary>
    public void Checkpoint(IBufferWriter<byte> output)
    {
        var writer = new CheckpointWriter(output);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(_context.SaveCounters());
        SaveTexts(writer);
        _context.Devices.Save(writer);
        var section = new ArrayBufferWriter<byte>();
        writer.Write(_graph.Stateful.Count);
        foreach (var (signature, operators) in _graph.Stateful)
        {
            section.ResetWrittenCount();
            operators.Save(new(section));
            writer.Write(signature);
            writer.Write(section.WrittenCount);
            writer.Write(section.WrittenSpan);
        }

        writer.Write((int)writer.Checksum);
    }

    /// <summary>Takes the state of a checkpoint into a flow that has not seen a row. Steps that compute what they did
    /// take theirs over, new ones start empty; after a refusal the flow must not be used.</summary>
    public Outcome<RestoreReport> Restore(ReadOnlySpan<byte> checkpoint)
    {
        if (_touched)
        {
            return new Refusal("checkpoint.not_fresh", "State can be restored only before the first row.");
        }

        _touched = true;
        if (checkpoint.Length < sizeof(int)
            || CheckpointWriter.Crc(0, checkpoint[..^sizeof(int)]) != BitConverter.ToUInt32(checkpoint[^sizeof(int)..]))
        {
            return new Refusal("checkpoint.damaged", "The checkpoint is cut short or altered: its checksum is wrong.");
        }

        var reader = new CheckpointReader(checkpoint[..^sizeof(int)]);
        if (reader.ReadInt32() != Magic)
        {
            return new Refusal("checkpoint.damaged", "This is not a checkpoint of a pipeline.");
        }

        var version = reader.ReadInt32();
        return version is Version or VersionWithoutTexts
            ? Load(ref reader, version)
            : new Refusal(
                "checkpoint.version", $"The checkpoint has version {version}; this program reads version {Version}.");
    }

    private Outcome<RestoreReport> Load(ref CheckpointReader reader, int version)
    {
        var damaged = new Refusal("checkpoint.damaged", "The checkpoint does not hold what its kind of steps keep.");
        var counters = new long[version == VersionWithoutTexts ? RunContext.CountersOfVersion1 : _context.SaveCounters().Length];
        reader.Read(counters);
        _context.LoadCounters(counters);
        for (var left = version == VersionWithoutTexts ? 0 : reader.ReadCount(2 * sizeof(int)); left > 0; left--)
        {
            _context.Texts.Restore(reader.ReadInt32(), reader.ReadText());
        }

        if (!_context.Devices.Load(ref reader))
        {
            return new Refusal(
                "checkpoint.too_many_devices", $"The checkpoint has more than {_context.Limits.DevicesMax} devices.");
        }

        var waiting = _graph.Stateful.ToDictionary(step =>
            step.Signature, step => step.Operator, StringComparer.Ordinal);
        var steps = waiting.Count;
        var dropped = 0;
        for (var left = reader.ReadCount(2 * sizeof(int)); left > 0; left--)
        {
            var signature = reader.ReadText();
            var section = reader.ReadSection();
            if (!waiting.Remove(signature, out var step))
            {
                dropped++;
            }
            else if (!step.Load(ref section) || !section.AtEnd)
            {
                return damaged;
            }
        }

        return reader.Failed || !reader.AtEnd ? damaged : new RestoreReport(steps - waiting.Count, waiting.Count, dropped);
    }

    /// <summary>The texts that any step keeps, for values of rows name them by number.</summary>
    private void SaveTexts(CheckpointWriter writer)
    {
        MarkTexts();
        var kept = _context.Texts.Kept().ToList();
        _context.Texts.EndSweep();
        writer.Write(kept.Count);
        foreach (var (number, text) in kept)
        {
            writer.Write(number);
            writer.Write(text);
        }
    }

    private void MarkTexts()
    {
        _context.Texts.BeginSweep();
        foreach (var step in _graph.Operators)
        {
            step.KeepTexts(_context.Texts);
        }
    }

    private static Refusal? Missing(IEnumerable<ModelSchema> needed, IReadOnlyDictionary<string, IModelInvoker> models)
    {
        var missing = needed.Where(model =>
            !models.ContainsKey(model.Name)).Select(model => model.Name).Distinct().ToArray();
        return missing.Length == 0
            ? null
            : new("pipeline.model_missing", $"The pipeline asks models that were not given: {string.Join(", ", missing)}.");
    }

    private sealed class NoSink : IPipelineSink
    {
        public void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId)
        {
        }

        public void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId)
        {
        }

        public void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId)
        {
        }

        public void Inference(
            string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed)
        {
        }
    }
}

/// <summary>What a restore did: steps that took their state over, steps that start empty, saved steps nobody
/// wanted.</summary>
public sealed record RestoreReport(int TakenOver, int StartedEmpty, int Dropped);

/// <summary>One step of a running pipeline.</summary>
/// <param name="Text">What it does, by the slots of its rows.</param>
/// <param name="Inputs">The steps it reads, by their places in the list; none for a table.</param>
/// <param name="Rows">Rows it passed on since this run was started or restored; of a target, none.</param>
/// <param name="StateBytes">What its state takes in a checkpoint.</param>
public sealed record PipelineStep(string Text, IReadOnlyList<int> Inputs, long Rows, long StateBytes);
