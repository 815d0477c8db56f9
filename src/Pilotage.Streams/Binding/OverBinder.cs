using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Binding;

/// <summary>Binds the OVER aggregates of one query; calls over equal frames share one window and its rows.</summary>
internal sealed class OverBinder
{
    private readonly BindingContext _context;
    private readonly ExpressionBinder _inner;
    private readonly IReadOnlyList<(NameSyntax Name, WindowSyntax Window)> _named;
    private readonly List<WindowSpec> _specs = [];
    private readonly List<RowNumbering> _numbers = [];
    private readonly List<LeadCall> _leads = [];

    public OverBinder(
        BindingContext context, RowSchema input, string? alias, IReadOnlyList<(NameSyntax Name, WindowSyntax Window)> named)
    {
        (_context, _named) = (context, named);
        _inner = new(context, input, alias, " inside an aggregate");
        Slots = input.Slots;
    }

    public IReadOnlyList<WindowSpec> Specs => _specs;

    /// <summary>What rows look ahead to, each once.</summary>
    public IReadOnlyList<LeadCall> Leads => _leads;

    /// <summary>The numberings of rows, each once.</summary>
    public IReadOnlyList<RowNumbering> Numbers => _numbers;

    /// <summary>Slots of the input and of the aggregates bound so far.</summary>
    public int Slots { get; private set; }

    public Typed Bind(CallSyntax call, AggregateFunction function)
    {
        var over = call.Over ?? throw CompileFault.Type(
            call.At, $"{call.Name.ToUpperInvariant()} needs OVER (…), or a window such as TUMBLE with GROUP BY.");
        if (function == AggregateFunction.RowNumber)
        {
            return Number(call, over.Window ?? Named(over));
        }

        var frame = Frame(over.Window ?? Named(over));
        if (function == AggregateFunction.Lead)
        {
            return Lead(call);
        }

        if (function == AggregateFunction.Lag)
        {
            // LAG looks a number of rows back whatever the frame, so it has a window of just that many rows.
            frame = new(FrameKind.Rows, AggregateBinder.LagOffset(call, _inner));
        }

        return AggregateBinder.Bind(call, function, SpecOf(frame), _inner, () => NewSlot(call.At));
    }

    /// <summary>Checks the windows nobody used as well: a fault in them is a fault.</summary>
    public void RefuseUnknownNames()
    {
        foreach (var (name, window) in _named)
        {
            if (_named.Count(other => other.Name.Text == name.Text) > 1)
            {
                throw CompileFault.Ambiguous(name.At, $"Two windows are called {name.Text}.");
            }

            Frame(window);
        }
    }

    private WindowSyntax Named(OverSyntax over)
    {
        foreach (var (name, window) in _named)
        {
            if (name.Text == over.Name)
            {
                return window;
            }
        }

        throw CompileFault.Unknown(over.At, "window", over.Name!, _named.Select(named => named.Name.Text), "");
    }

    private WindowFrame Frame(WindowSyntax window)
    {
        foreach (var key in window.PartitionBy)
        {
            if (_inner.Find(key).Type != ColumnType.Device)
            {
                throw CompileFault.Unsupported(key.At, $"Windows are PARTITION BY device; found {key.Name}.");
            }
        }

        if (window.PartitionBy.Count != 1)
        {
            throw CompileFault.Unsupported(window.At, "Windows are PARTITION BY device.");
        }

        CheckOrder(window);
        return window.Frame?.Preceding is not { } preceding ? WindowFrame.Unbounded
            : window.Frame.IsRange ? new(FrameKind.Range, _context.DurationNs(preceding))
            : new(FrameKind.Rows, _context.Rows(preceding));
    }

    private void CheckOrder(WindowSyntax window)
    {
        if (window.OrderBy is null)
        {
            throw CompileFault.Syntax(window.At, "A window needs ORDER BY and the event time, such as ts.");
        }

        if (_inner.Find(window.OrderBy).Type != ColumnType.Rowtime)
        {
            throw CompileFault.Type(
                window.OrderBy.At, $"Windows are ordered by event time; {window.OrderBy.Name} is not it.");
        }
    }

    private Typed Number(CallSyntax call, WindowSyntax window)
    {
        if (call.IsStar || call.Arguments.Count > 0 || window.Frame is not null)
        {
            throw CompileFault.Type(call.At, "Expected ROW_NUMBER() OVER (PARTITION BY device, … ORDER BY ts), without a frame.");
        }

        CheckOrder(window);
        var columns = window.PartitionBy.Select(_inner.Find).ToArray();
        if (!columns.Any(column => column.Type == ColumnType.Device))
        {
            throw CompileFault.Unsupported(window.At, "Rows are numbered PARTITION BY device, or by device and other columns.");
        }

        var keys = Array.FindAll(columns, column => column.Type != ColumnType.Device);
        var numbering = new RowNumbering([.. keys.Select(key => key.Read())], [.. keys.Select(key => key.Type == ColumnType.Text)], 0, _context.TtlNs);
        var same = _numbers.Find(other => other.DescribeKeys() == numbering.DescribeKeys());
        if (same is null)
        {
            same = numbering with { Slot = NewSlot(call.At) };
            _numbers.Add(same);
        }

        return new(new SlotScalar(same.Slot), ColumnType.Number, null, call.At);
    }

    private Typed Lead(CallSyntax call)
    {
        if (call.IsStar || call.Arguments.Count is not (1 or 2))
        {
            throw CompileFault.Type(call.At, "Expected LEAD(value) or LEAD(value, rows).");
        }

        var value = _inner.Bind(call.Arguments[0]);
        if (value.Type == ColumnType.Device)
        {
            throw CompileFault.Type(value.At, "LEAD expects a value, found a device; it is that of all rows of a window.");
        }

        var wanted = new LeadCall(value.Scalar, AggregateBinder.LagOffset(call, _inner), value.Type == ColumnType.Text, 0);
        var same = _leads.Find(other => (other with { Slot = 0 }).Describe() == wanted.Describe());
        if (same is null)
        {
            same = wanted with { Slot = NewSlot(call.At) };
            _leads.Add(same);
        }

        var type = value.Type == ColumnType.Null ? ColumnType.Number : value.IsTime ? ColumnType.Timestamp : value.Type;
        return new(new SlotScalar(same.Slot), type, value.Unit, call.At);
    }

    private WindowSpec SpecOf(WindowFrame frame)
    {
        foreach (var spec in _specs)
        {
            if (spec.Frame == frame)
            {
                return spec;
            }
        }

        var added = new WindowSpec(frame);
        _specs.Add(added);
        return added;
    }

    private int NewSlot(SourcePosition at) => Slots < _context.Limits.ColumnsMax
        ? Slots++
        : throw CompileFault.Limit(at, $"More than {_context.Limits.ColumnsMax} columns, those of windows included.");
}
