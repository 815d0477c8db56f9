using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;

namespace Pilotage.Streams.Operators;

/// <summary>Lets rows through for which the condition is true.</summary>
internal sealed class FilterOperator(FilterNode node) : Operator, IGated
{
    private readonly Scalar _condition = node.Condition;

    public Scalar Condition => _condition;

    protected override bool UsesWatermarks => false;

    public bool MustSee(int device) => false;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        if (_condition.Evaluate(head, row) == 1)
        {
            Emit(head, row);
        }
    }
}

/// <summary>Computes a select list.</summary>
internal sealed class ProjectOperator(ProjectNode node) : Operator
{
    private readonly Scalar[] _values = [.. node.Values];
    private readonly double[] _row = new double[node.Values.Count];

    protected override bool UsesWatermarks => false;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            _row[i] = _values[i].Evaluate(head, row);
        }

        Emit(head, _row);
    }
}

/// <summary>Gives rows to a series target.</summary>
internal sealed class TargetOperator(TargetNode node, RunContext context) : Operator
{
    private readonly int[] _slots = [.. node.Slots];
    private readonly double[] _values = new double[node.Slots.Count];

    protected override bool UsesWatermarks => false;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        var time = node.Time.Evaluate(head, row);
        for (var i = 0; i < _slots.Length; i++)
        {
            _values[i] = row[_slots[i]];
        }

        // A time that is NULL (the LAG of a first row, say) names no point of a series.
        if (!double.IsNaN(time))
        {
            context.Sink.Row(node.Target, context.Device(head.Device), Scalar.ToTime(time), _values, head.InputId);
        }
    }
}
