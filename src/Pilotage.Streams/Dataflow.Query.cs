using Pilotage.Core;
using Pilotage.Streams.Operators;

namespace Pilotage.Streams;

/// <content>A question to stored rows: devices one after the other, each to its end, then the end of all.</content>
public sealed partial class Dataflow
{
    /// <summary>Whether all rows that a question asks for have been told; what is pushed from now on changes nothing.</summary>
    public bool IsDone => _context.IsDone;

    /// <summary>The bound that a question ran into, if it did; what it told is not its answer then.</summary>
    public Refusal? Overflow => _context.Overflow ?? (_context.WindowRowsDropped == 0 ? null : new Refusal(
        "pipeline.window_rows", $"A window would hold more than {_context.Limits.WindowRowsMax:N0} rows of one device; make it shorter, or leave GROUP BY window_start out to group over the whole time."));

    /// <summary>Starts a question.</summary>
    public static Dataflow StartQuery(QueryPlan plan, IQuerySink sink, TimeProvider time)
    {
        var context = new RunContext(new NoSink(), time, plan.Pipeline.Limits, plan.Pipeline.Texts);
        foreach (var device in plan.Named)
        {
            // First of all, so that a device that the question names has there the place that it has in the question.
            context.Devices.IndexOf(device);
        }

        var graph = new GraphBuilder(plan.Pipeline, new Dictionary<string, IModelInvoker>(), context);
        graph.AddResult(plan, sink);
        return new Dataflow(context, graph);
    }

    /// <summary>Gives a row of a device to the table of a question, in order of time.</summary>
    public PushResult Push(QueryPlan plan, DeviceId device, long tsNs, ReadOnlySpan<double> values, ReadOnlySpan<string?> texts) => Push(plan.Scan.Source, device, tsNs, values, texts, inputId: 0);

    /// <summary>States that no row of this device will come any more: its windows close, and what was kept for it goes.</summary>
    public void End(DeviceId device)
    {
        var index = _context.Devices.IndexOf(device);
        foreach (var source in index < 0 ? [] : _graph.Sources)
        {
            source?.End(index);
        }

        foreach (var (_, step) in _graph.Stateful)
        {
            step.Forget(index);
        }
    }

    /// <summary>States that no row will come any more: groups and rows that wait to be put in order are told.</summary>
    public void Complete()
    {
        foreach (var source in _graph.Sources)
        {
            source?.Complete();
        }
    }
}
