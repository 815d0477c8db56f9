using System.Diagnostics;
using System.Text;
using Pilotage.Core;
using Pilotage.Streams.Binding;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Planning;

/// <summary>One step of the logical plan: what its rows look like and what they are made of.</summary>
internal abstract class PlanNode(IReadOnlyList<PlanNode> inputs, RowSchema schema)
{
    private string? _described;

    protected PlanNode(PlanNode? input, RowSchema schema)
        : this(input is null ? [] : [input], schema)
    {
    }

    /// <summary>The steps it reads, in order; none for a table.</summary>
    public IReadOnlyList<PlanNode> Inputs => inputs;

    /// <summary>The step it reads, where there is one at most; null for a table.</summary>
    public PlanNode? Input => inputs switch
    {
        [] => null,
        [var input] => input,
        _ => throw new UnreachableException(),
    };

    public RowSchema Schema => schema;

    /// <summary>Steps from the table to here on the longest way, this one included.</summary>
    public int Depth { get; } = inputs.Select(input => input.Depth).DefaultIfEmpty(0).Max() + 1;

    /// <summary>On how many ways a row of a table comes here: each is a row more to compute.</summary>
    public long Ways { get; } = inputs.Count == 0 ? 1 : inputs.Sum(input => input.Ways);

    /// <summary>Whether a row of a table is passed on while it is given: not later, when a watermark comes.</summary>
    public virtual bool IsPrompt => inputs.All(input => input.IsPrompt);

    /// <summary>This step and all before it, each once, those that are read before their readers.</summary>
    public IReadOnlyList<PlanNode> Upstream()
    {
        var met = new HashSet<PlanNode>(ReferenceEqualityComparer.Instance);
        var found = new List<PlanNode>();
        Collect(this, met, found);
        return found;
    }

    /// <summary>This step and all before it in a fixed spelling, without the names of views: equal spellings mean equal
    /// state.</summary>
    /// <remarks>Of several inputs the digests stand there, for what two of them share would be spelled twice, and so on upwards.</remarks>
    public string Describe() => _described ??= inputs switch
    {
        [] => DescribeSelf(),
        [var input] => $"{input.Describe()}\n{DescribeSelf()}",
        _ => $"{string.Join('\n', inputs.Select(input => Digest.Of(Encoding.UTF8.GetBytes(input.Describe()))))}\n{DescribeSelf()}",
    };

    /// <summary>All steps that lead here, one line each, those that are read before their readers; one that does not read the line before it says which it reads.</summary>
    public string Explain()
    {
        var steps = Upstream();
        var lines = new Dictionary<PlanNode, int>(ReferenceEqualityComparer.Instance);
        var text = new StringBuilder();
        foreach (var step in steps)
        {
            lines[step] = lines.Count + 1;
            var reads = step.Inputs.Select(input => lines[input]).ToArray();
            var isNext = reads is [] || (reads is [var read] && read == lines.Count - 1);
            text.Append(text.Length == 0 ? "" : "\n").Append(step.DescribeStep()).Append(isNext ? "" : $" <- {string.Join(", ", reads)}");
        }

        return text.ToString();
    }

    /// <summary>This step alone.</summary>
    public string DescribeStep() => DescribeSelf();

    protected abstract string DescribeSelf();

    private static void Collect(PlanNode node, HashSet<PlanNode> met, List<PlanNode> found)
    {
        if (!met.Add(node))
        {
            return;
        }

        foreach (var input in node.Inputs)
        {
            Collect(input, met, found);
        }

        found.Add(node);
    }
}

/// <summary>The rows of a thing type as they are pushed.</summary>
internal sealed class ScanNode(int source, ThingSchema thing, RowSchema schema) : PlanNode([], schema)
{
    public int Source => source;

    public ThingSchema Thing => thing;

    protected override string DescribeSelf() =>
        $"scan {thing.Name}({string.Join(", ", thing.Properties.Select(property => property.Name))})";
}

/// <summary>WHERE and HAVING: rows for which the condition is true.</summary>
internal sealed class FilterNode(PlanNode input, Scalar condition) : PlanNode(input, input.Schema)
{
    public Scalar Condition => condition;

    protected override string DescribeSelf() => $"filter {condition.Describe()}";
}

/// <summary>OVER windows: the row of before, with a slot more for each aggregate.</summary>
internal sealed class OverNode(PlanNode input, IReadOnlyList<WindowSpec> windows, int slots)
    : PlanNode(input, input.Schema with { Slots = slots })
{
    public IReadOnlyList<WindowSpec> Windows => windows;

    protected override string DescribeSelf(
        ) => $"over {string.Join("; ", windows.Select(window => window.Describe()))}";
}

/// <summary>ROW_NUMBER: the row of before, with the number of rows so far that have the same keys.</summary>
internal sealed class NumberNode(PlanNode input, RowNumbering numbering, int slots) : PlanNode(input, input.Schema with { Slots = slots })
{
    public RowNumbering Numbering => numbering;

    protected override string DescribeSelf() => $"number {numbering.Describe()}";
}

/// <summary>LEAD: the row of before, told once the rows that it looks ahead to have come, with their values.</summary>
internal sealed class LeadNode(PlanNode input, IReadOnlyList<LeadCall> calls, int slots) : PlanNode(input, input.Schema with { Slots = slots })
{
    public IReadOnlyList<LeadCall> Calls => calls;

    public override bool IsPrompt => false;

    protected override string DescribeSelf() => $"lead {string.Join(", ", calls.Select(call => call.Describe()))}";
}

/// <summary>A select list: one expression per slot.</summary>
internal sealed class ProjectNode(
    PlanNode input, IReadOnlyList<Scalar> values, RowSchema schema) : PlanNode(input, schema)
{
    public IReadOnlyList<Scalar> Values => values;

    protected override string DescribeSelf(
        ) => $"project {string.Join(", ", values.Select(value => value.Describe()))}";
}

/// <summary>TUMBLE, HOP, CUMULATE or SESSION with GROUP BY: one row per device and window, when the watermark passes its end.</summary>
internal sealed class GroupNode(PlanNode input, TimeWindow cut, WindowSpec window, RowSchema schema)
    : PlanNode(input, schema)
{
    public const int StartSlot = 0;
    public const int EndSlot = 1;
    public const int FirstAggregateSlot = 2;

    public TimeWindow Cut => cut;

    public WindowSpec Window => window;

    public override bool IsPrompt => false;

    protected override string DescribeSelf() => $"group {cut.Describe()} {window.Describe()}";
}

/// <summary>ML_PREDICT: the row of before and the outputs of a model.</summary>
internal sealed class PredictNode(PlanNode input, ModelSchema model, IReadOnlyList<Scalar> features, RowSchema schema)
    : PlanNode(input, schema)
{
    public ModelSchema Model => model;

    public IReadOnlyList<Scalar> Features => features;

    protected override string DescribeSelf() =>
        $"predict {model.Name}({string.Join(", ", features.Select(feature => feature.Describe()))})";
}

/// <summary>INSERT INTO alerts: raised when the condition becomes true, cleared under hysteresis.</summary>
internal sealed class AlertNode(
    PlanNode input, Scalar raises, Scalar holds, Scalar kind, IReadOnlyList<int> kinds, Scalar score, Scalar time, int clearRows)
    : PlanNode(input, input.Schema)
{
    public Scalar Raises => raises;

    /// <summary>The condition with its thresholds moved by the clear margin; while it is true, a raised alert
    /// stays.</summary>
    public Scalar Holds => holds;

    public Scalar Kind => kind;

    /// <summary>The texts the kind can be, by their index in the pool.</summary>
    public IReadOnlyList<int> Kinds => kinds;

    public Scalar Score => score;

    public Scalar Time => time;

    public int ClearRows => clearRows;

    // Not the condition: a raised alert survives a change of its threshold.
    protected override string DescribeSelf() => $"alert {kind.Describe()}";
}

/// <summary>INSERT INTO a series target.</summary>
internal sealed class TargetNode(PlanNode input, string target, IReadOnlyList<int> slots, Scalar time)
    : PlanNode(input, input.Schema)
{
    public string Target => target;

    public IReadOnlyList<int> Slots => slots;

    public Scalar Time => time;

    protected override string DescribeSelf() => $"target {target}";
}
