using System.Buffers;
using Pilotage.Core;
using Pilotage.Streams;

namespace Pilotage.Runtime;

/// <summary>One pipeline running with its models: rows in, alerts, series and inferences out, latency
/// measured.</summary>
/// <remarks>For one thread at a time; everything a push causes has reached the sink when it returns. Owns its models
/// and disposes those that can be.</remarks>
public sealed class PipelineRun : IDisposable
{
    private readonly Dataflow _flow;
    private readonly MeasuringSink _sink;
    private readonly IReadOnlyDictionary<string, IModelInvoker> _models;
    private bool _disposed;

    private PipelineRun(
        PipelinePlan plan, Dataflow flow, MeasuringSink sink, IReadOnlyDictionary<string, IModelInvoker> models)
    {
        Plan = plan;
        (_flow, _sink, _models) = (flow, sink, models);
    }

    /// <summary>What is running.</summary>
    public PipelinePlan Plan { get; }

    /// <summary>What was done and left out so far.</summary>
    public PipelineCounters Counters => _flow.Counters;

    /// <summary>How long the models took per row, since this run was started or restored.</summary>
    public LatencyHistogram Latency => _sink.Latency;

    /// <summary>Starts with empty state; refused when a model of the plan is not given, which then stay the
    /// caller's.</summary>
    public static Outcome<PipelineRun> Start(
        PipelinePlan plan, IReadOnlyDictionary<string, IModelInvoker> models, IPipelineSink sink, TimeProvider time)
    {
        var measuring = new MeasuringSink(sink);
        return Dataflow.Start(plan, models, measuring, time)
            .Then<PipelineRun>(flow => new PipelineRun(plan, flow, measuring, models));
    }

    /// <summary>Starts with the state of a checkpoint: what follows is what would have followed there.</summary>
    public static Outcome<PipelineRun> Restore(
        PipelinePlan plan,
        IReadOnlyDictionary<string, IModelInvoker> models,
        IPipelineSink sink,
        TimeProvider time,
        ReadOnlySpan<byte> checkpoint)
    {
        var measuring = new MeasuringSink(sink);
        if (!Dataflow.Start(plan, models, measuring, time).TryGet(out var flow, out var refusal)
            || !flow.Restore(checkpoint).TryGet(out var report, out refusal))
        {
            return refusal;
        }

        return new PipelineRun(plan, flow, measuring, models) { Restored = report };
    }

    /// <summary>What a restore took over; null when the run was started empty.</summary>
    public RestoreReport? Restored { get; private init; }

    /// <summary>What runs, step by step, with rows passed on and sizes of state.</summary>
    public IReadOnlyList<PipelineStep> Steps() => _flow.Steps();

    /// <summary>Gives a row of a device of the plan's first (mostly its only) thing type; values in the order of that
    /// type.</summary>
    public PushResult Push(DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId) =>
        _flow.Push(0, device, tsNs, values, inputId);

    /// <summary>Gives a row to the thing type at this position of <see cref="PipelinePlan.Sources"/>.</summary>
    public PushResult Push(int source, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId) =>
        _flow.Push(source, device, tsNs, values, inputId);

    /// <summary>The same with texts, by the place of their property; null where there is none.</summary>
    public PushResult Push(int source, DeviceId device, long tsNs, ReadOnlySpan<double> values, ReadOnlySpan<string?> texts, long inputId) =>
        _flow.Push(source, device, tsNs, values, texts, inputId);

    /// <summary>States that nothing older will come: windows that end by then close, and older rows are late from now
    /// on.</summary>
    public void Advance(long watermarkNs) => _flow.Advance(watermarkNs);

    /// <summary>Drops all that is kept for a device; should it come again, it is new.</summary>
    public void Forget(DeviceId device) => _flow.Forget(device);

    /// <summary>Writes all state, with a checksum.</summary>
    public void Checkpoint(IBufferWriter<byte> output) => _flow.Checkpoint(output);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (var model in _models.Values)
        {
            (model as IDisposable)?.Dispose();
        }
    }
}
