using Pilotage.Core;
using Pilotage.Streams.Binding;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Operators;

/// <summary>Puts a row into every window that holds it.</summary>
internal sealed class AssignOperator(AssignNode node) : Operator
{
    private readonly double[] _row = new double[node.Schema.Slots];

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        row.CopyTo(_row);
        var (kind, sizeNs, stepNs) = node.Cut;
        var newest = head.TimeNs - (head.TimeNs % stepNs);
        if (kind == TimeWindowKind.Cumulate)
        {
            var start = head.TimeNs - (head.TimeNs % sizeNs);
            for (var end = newest + stepNs; end <= start + sizeNs; end += stepNs)
            {
                Emit(head, start, end);
            }

            return;
        }

        for (var start = newest; start > head.TimeNs - sizeNs; start -= stepNs)
        {
            Emit(head, start, start + sizeNs);
        }
    }

    private void Emit(in RowHead head, long startNs, long endNs)
    {
        // A window that began before 1970 has a start that is no time here.
        _row[^2] = startNs < 0 ? Scalar.Null : Scalar.FromTime(startNs);
        _row[^1] = Scalar.FromTime(endNs);
        Emit(head, _row);
    }
}

/// <summary>Lets so many rows through and says when that is done.</summary>
internal sealed class LimitOperator : Operator
{
    private readonly RunContext _context;
    private int _left;

    public LimitOperator(LimitNode node, RunContext context)
    {
        (_context, _left) = (context, node.Rows);
        context.IsDone = _left == 0;
    }

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        if (_left > 0)
        {
            _left--;
            Emit(head, row);
        }

        _context.IsDone = _left == 0;
    }
}

/// <summary>Hands the rows of a question to whoever asked.</summary>
internal sealed class ResultOperator(QueryPlan query, IQuerySink sink, RunContext context) : Operator
{
    private readonly Scalar[] _values = [.. query.Root.Schema.Columns.Select(Read)];
    private readonly bool _tellsDevice = query.Root.Schema.Columns.Any(column => column.Type == ColumnType.Device);
    private readonly double[] _row = new double[query.Root.Schema.Columns.Count];

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            _row[i] = _values[i].Evaluate(head, row);
        }

        sink.Row(new QueryRow(query, _tellsDevice ? context.Device(head.Device) : default, _row, context.Texts));
    }

    private static Scalar Read(Column column) => column.Type == ColumnType.Device ? new LiteralScalar(Scalar.Null) : column.Read();
}

/// <summary>Puts rows in order; where only the first are asked for, only those are held.</summary>
internal sealed class OrderOperator(OrderNode node, RunContext context) : Operator
{
    private readonly OrderKey[] _keys = [.. node.Keys];
    private readonly int[] _textSlots = [.. node.Schema.Columns.Where(column => column.Type == ColumnType.Text && column.Slot >= 0).Select(column => column.Slot)];
    private readonly List<Held> _rows = [];
    private long _arrivals;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        // Twice as many are held at most, and then the better half stays: so a row costs little more than its copy.
        if (node.Rows is { } first && _rows.Count >= Math.Max(2L * first, 1024))
        {
            Sort();
            _rows.RemoveRange(first, _rows.Count - first);
        }
        else if (node.Rows is null && _rows.Count == context.Limits.SortedRowsMax)
        {
            context.Overflow ??= new Refusal(
                "pipeline.sorted_rows", $"More than {context.Limits.SortedRowsMax:N0} rows would have to be put in order; add LIMIT, ask for a shorter time, or leave out ORDER BY, and rows come device by device in order of time.");
            return;
        }

        _rows.Add(new(head, row.ToArray(), _arrivals++));
    }

    public override void Complete()
    {
        Sort();
        foreach (var held in _rows)
        {
            if (context.IsDone)
            {
                break;
            }

            Emit(held.Head, held.Row);
        }

        _rows.Clear();
        base.Complete();
    }

    public override void KeepTexts(TextPool texts)
    {
        foreach (var held in _rows)
        {
            foreach (var slot in _textSlots)
            {
                texts.Keep(held.Row[slot]);
            }
        }
    }

    private void Sort() => _rows.Sort(Compare);

    private int Compare(Held left, Held right)
    {
        foreach (var key in _keys)
        {
            var compared = Compare(key.Column, left, right, out var isNull);
            if (compared != 0)
            {
                // What is not there comes last, whichever way the rest goes.
                return key.Descending && !isNull ? -compared : compared;
            }
        }

        return left.Arrival.CompareTo(right.Arrival);
    }

    private int Compare(Column column, Held left, Held right, out bool isNull)
    {
        isNull = false;
        if (column.Type == ColumnType.Device)
        {
            return string.CompareOrdinal(context.Device(left.Head.Device).Value, context.Device(right.Head.Device).Value);
        }

        var (a, b) = (Value(column, left), Value(column, right));
        isNull = double.IsNaN(a) || double.IsNaN(b);
        return isNull ? double.IsNaN(a).CompareTo(double.IsNaN(b))
            : column.Type == ColumnType.Text ? string.CompareOrdinal(context.Text((int)a), context.Text((int)b))
            : a.CompareTo(b);
    }

    private static double Value(Column column, Held held) => column.Slot < 0 ? Scalar.FromTime(held.Head.TimeNs) : held.Row[column.Slot];

    private readonly record struct Held(RowHead Head, double[] Row, long Arrival);
}
