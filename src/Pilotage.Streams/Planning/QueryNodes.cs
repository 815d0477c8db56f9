using Pilotage.Streams.Binding;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Planning;

/// <summary>TUMBLE, HOP or CUMULATE of a question that groups otherwise than by device and window: each row, once for every window that holds it.</summary>
internal sealed class AssignNode(PlanNode input, TimeWindow cut) : PlanNode(input, Extended(input.Schema))
{
    public TimeWindow Cut => cut;

    protected override string DescribeSelf() => $"assign {cut.Describe()}";

    private static RowSchema Extended(RowSchema input) => input with
    {
        Columns =
        [
            .. input.Columns.Where(column => column.Name is not ("window_start" or "window_end")),
            new("window_start", ColumnType.Timestamp, null, input.Slots),
            new("window_end", ColumnType.Timestamp, null, input.Slots + 1),
        ],
        Slots = input.Slots + 2,
    };
}

/// <summary>GROUP BY of a question over all rows: a row for each group at the end. Without keys there is one, also of no rows.</summary>
internal sealed class GatherNode(PlanNode input, IReadOnlyList<Scalar> keys, bool byDevice, WindowSpec window, RowSchema schema) : PlanNode(input, schema)
{
    /// <summary>What groups are made of beside the device; their slots come first.</summary>
    public IReadOnlyList<Scalar> Keys => keys;

    public bool ByDevice => byDevice;

    public WindowSpec Window => window;

    protected override string DescribeSelf() =>
        $"gather {(byDevice ? "device " : "")}[{string.Join(", ", keys.Select(key => key.Describe()))}] {window.Describe()}";
}

/// <summary>One column that rows are ordered by.</summary>
internal readonly record struct OrderKey(Column Column, bool Descending);

/// <summary>ORDER BY of a question, told at the end; with a limit only so many rows are held.</summary>
internal sealed class OrderNode(PlanNode input, IReadOnlyList<OrderKey> keys, int? rows) : PlanNode(input, input.Schema)
{
    public IReadOnlyList<OrderKey> Keys => keys;

    public int? Rows => rows;

    protected override string DescribeSelf() =>
        $"order {string.Join(", ", keys.Select(key => key.Column.Name + (key.Descending ? " desc" : "")))}{(rows is null ? "" : $" first {rows}")}";
}

/// <summary>LIMIT of a question: the rest is not read.</summary>
internal sealed class LimitNode(PlanNode input, int rows) : PlanNode(input, input.Schema)
{
    public int Rows => rows;

    protected override string DescribeSelf() => $"limit {rows}";
}
