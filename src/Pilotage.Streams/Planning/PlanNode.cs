using Pilotage.Streams.Binding;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Planning;

/// <summary>One step of the logical plan: what its rows look like and what they are made of.</summary>
internal abstract class PlanNode(PlanNode? input, RowSchema schema)
{
    public PlanNode? Input => input;

    public RowSchema Schema => schema;

    /// <summary>Steps from the table to here, this one included.</summary>
    public int Depth { get; } = (input?.Depth ?? 0) + 1;

    /// <summary>This step and all before it in a fixed spelling, without the names of views: equal spellings mean equal
    /// state.</summary>
    public string Describe() => input is null ? DescribeSelf() : $"{input.Describe()}\n{DescribeSelf()}";

    /// <summary>This step alone.</summary>
    public string DescribeStep() => DescribeSelf();

    protected abstract string DescribeSelf();
}

/// <summary>The rows of a thing type as they are pushed.</summary>
internal sealed class ScanNode(int source, ThingSchema thing, RowSchema schema) : PlanNode(null, schema)
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
