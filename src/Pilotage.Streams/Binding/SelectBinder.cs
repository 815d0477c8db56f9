using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.Syntax;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Binding;

/// <summary>Binds queries: what they read, their condition, their windows or groups, their select list.</summary>
internal sealed partial class SelectBinder(BindingContext context, RelationBinder relations)
{
    /// <summary>Binds a query into a plan whose rows hold exactly its select list.</summary>
    public PlanNode Bind(SelectSyntax select)
    {
        if (select.From is UnionRelationSyntax union)
        {
            return UnionBinder.Bind(context, union, this);
        }

        var bound = BindParts(select, conditionApart: false);
        return Project(bound.Node, bound.Items);
    }

    /// <summary>Binds an <c>INSERT INTO alerts</c>: its outermost condition stays apart, because a row that fails it
    /// may clear.</summary>
    public (PlanNode Node, IReadOnlyList<NamedItem> Items, Typed? Condition) BindAlert(SelectSyntax select)
    {
        if (select.From is UnionRelationSyntax union)
        {
            throw CompileFault.Unsupported(
                union.At, "The WHERE of an alert is its condition, so UNION ALL belongs in a view of its own; or write an INSERT INTO alerts for each query.");
        }

        var bound = BindParts(select, conditionApart: true);
        return (bound.Node, bound.Items, bound.Condition);
    }

    private Bound BindParts(SelectSyntax select, bool conditionApart)
    {
        var source = relations.Bind(select.From, this);
        if (context.Query is not null && IsGathered(select, source))
        {
            return Gathered(select, source);
        }

        if (source.Window is not null)
        {
            return Grouped(select, source, conditionApart);
        }

        if (select.GroupBy is not null || select.Having is not null)
        {
            throw CompileFault.Unsupported(
                select.GroupBy?[0].At ?? select.Having!.At, "GROUP BY and HAVING need a window after FROM: TUMBLE or HOP, CUMULATE or SESSION.");
        }

        return Windowed(select, source, conditionApart);
    }

    private Bound Windowed(SelectSyntax select, BoundRelation source, bool conditionApart)
    {
        var plain = new ExpressionBinder(context, source.Node.Schema, source.Alias, " in WHERE");
        var condition = select.Where is null ? (Typed?)null : plain.Bind(select.Where).As(ColumnType.Boolean, "WHERE");
        var node = condition is { } filter && !conditionApart ? new FilterNode(source.Node, filter.Scalar) : source.Node;
        var windows = new OverBinder(context, node.Schema, source.Alias, select.Windows);
        var outer = new ExpressionBinder(context, node.Schema, source.Alias, " here", windows.Bind);
        var items = Items(select, node.Schema, outer);
        windows.RefuseUnknownNames();
        if (windows.Specs.Count > 0 || windows.Numbers.Count > 0 || windows.Leads.Count > 0)
        {
            if (conditionApart && condition is not null)
            {
                throw CompileFault.Unsupported(
                    select.Where!.At, "The WHERE of an alert is its condition, so its windows belong in a view of their own.");
            }

            // First of all, so that what is held back is a row as it came, and windows see rows when they go on.
            node = windows.Leads.Count > 0 ? new LeadNode(node, windows.Leads, windows.Slots) : node;
            node = windows.Specs.Count > 0 ? new OverNode(node, windows.Specs, windows.Slots) : node;
            foreach (var number in windows.Numbers)
            {
                node = new NumberNode(node, number, windows.Slots);
            }
        }

        return new(node, items, conditionApart ? condition : null);
    }

    private Bound Grouped(SelectSyntax select, BoundRelation source, bool conditionApart)
    {
        CheckKeys(select);
        if (select.Windows.Count > 0)
        {
            throw CompileFault.Unsupported(
                select.Windows[0].Name.At, "A grouped query has no OVER windows; put them into a view.");
        }

        var input = source.Node;
        if (select.Where is not null)
        {
            var filter = new ExpressionBinder(context, input.Schema, source.Alias, " in WHERE");
            input = new FilterNode(input, filter.Bind(select.Where).As(ColumnType.Boolean, "WHERE").Scalar);
        }

        var cut = source.Window!.Value;
        var window = new WindowSpec(new(FrameKind.Range, cut.SizeNs));
        var slots = GroupNode.FirstAggregateSlot;
        var inner = new ExpressionBinder(context, input.Schema, source.Alias, " inside an aggregate");
        Typed Aggregate(CallSyntax call, AggregateFunction function) =>
            call.Over is null && function is not (AggregateFunction.Lag or AggregateFunction.Lead or AggregateFunction.RowNumber)
                ? AggregateBinder.Bind(call, function, window, inner, () => NewSlot(call.At, ref slots))
                : throw CompileFault.Unsupported(
                    call.At, $"{call.Name.ToUpperInvariant()} cannot be used so in a grouped query.");

        var keys = GroupSchema(input.Schema);
        var outer = new ExpressionBinder(context, keys, source.Alias, " outside an aggregate of a grouped query", Aggregate);
        var items = Items(select, keys, outer);
        RefuseAliasInHaving(select, inner, outer);
        var having = select.Having is null ? (Typed?)null : outer.Bind(select.Having).As(ColumnType.Boolean, "HAVING");
        PlanNode node = new GroupNode(input, cut, window, keys with { Slots = slots });
        if (having is { } condition && !conditionApart)
        {
            node = new FilterNode(node, condition.Scalar);
        }

        return new(node, items, conditionApart ? having : null);
    }

    private int NewSlot(SourcePosition at, ref int slots) => slots < context.Limits.ColumnsMax
        ? slots++
        : throw CompileFault.Limit(at, $"More than {context.Limits.ColumnsMax} columns.");

    // Every row belongs to a device, so windows are always per device; Flink wants both ends of the window named as
    // well.
    private static void CheckKeys(SelectSyntax select)
    {
        string[] needed = ["device", "window_start", "window_end"];
        var given = select.GroupBy ?? [];
        foreach (var key in given)
        {
            if (!needed.Contains(key.Name, StringComparer.Ordinal))
            {
                throw CompileFault.Unsupported(
                    key.At, $"Groups are GROUP BY device, window_start, window_end; found {key.Name}.");
            }
        }

        if (!needed.All(name => given.Any(key => key.Name == name)))
        {
            throw CompileFault.Unsupported(
                given.Count > 0 ? given[0].At : select.At, "TUMBLE, HOP, CUMULATE and SESSION need GROUP BY device, window_start, window_end.");
        }
    }

    private static RowSchema GroupSchema(RowSchema input)
    {
        var device = input.Columns.FirstOrDefault(column => column.Type == ColumnType.Device);
        List<Column> columns =
        [
            new("window_start", ColumnType.Timestamp, null, GroupNode.StartSlot),
            new("window_end", ColumnType.Timestamp, null, GroupNode.EndSlot),
            new("window_time", ColumnType.Rowtime, null, -1),
        ];
        if (device is not null)
        {
            columns.Insert(0, device);
        }

        return new(columns, GroupNode.FirstAggregateSlot);
    }

    private List<NamedItem> Items(SelectSyntax select, RowSchema schema, ExpressionBinder binder)
    {
        var items = new List<NamedItem>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in select.Items)
        {
            if (item.Expression is null)
            {
                if (schema.Tables.Count > 0)
                {
                    throw CompileFault.Unsupported(item.At, $"All tables of a join have a device and a time, so its columns are written one by one: {schema.Tables[0]}.device, {schema.Tables[0]}.ts, ….");
                }

                schema.Read?.UnionWith(schema.Names);
                items.AddRange(schema.Columns.Select(column =>
                    new NamedItem(column.Name, new(column.Read(), column.Type, column.Unit, item.At))));
            }
            else
            {
                var name = context.Query is null ? NameOf(item) : QueryScope.NameOf(item, items);
                items.Add(new(name, binder.Bind(item.Expression)));
            }
        }

        foreach (var item in items)
        {
            if (!names.Add(item.Name))
            {
                throw CompileFault.Ambiguous(item.Value.At, $"Two columns are called {item.Name}; rename one with AS.");
            }
        }

        return items.Count <= context.Limits.ColumnsMax
            ? items
            : throw CompileFault.Limit(select.At, $"More than {context.Limits.ColumnsMax} columns.");
    }

    private static string NameOf(SelectItemSyntax item) => item switch
    {
        { Alias: { } alias } => alias.Text,
        { Expression: ColumnSyntax column } => column.Name,
        _ => throw CompileFault.Syntax(item.At, "This column needs a name: write AS and one after it."),
    };

    /// <summary>A select list as a step of the plan.</summary>
    public static ProjectNode Project(PlanNode input, IReadOnlyList<NamedItem> items)
    {
        var values = new List<Scalar>();
        var columns = new List<Column>();
        foreach (var (name, value) in items)
        {
            var inHead = value.Type is ColumnType.Device or ColumnType.Rowtime;
            var type = value.Type == ColumnType.Null ? ColumnType.Number : value.Type;
            columns.Add(new(name, type, value.Unit, inHead ? -1 : values.Count));
            if (!inHead)
            {
                values.Add(value.Scalar);
            }
        }

        return new(input, values, new(columns, values.Count));
    }

    private readonly record struct Bound(PlanNode Node, IReadOnlyList<NamedItem> Items, Typed? Condition);
}

/// <summary>One column of a select list, bound.</summary>
internal readonly record struct NamedItem(string Name, Typed Value);
