using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.Syntax;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Binding;

/// <summary>Groups that only a question may ask for: by any column, over all devices and the whole time.</summary>
internal sealed partial class SelectBinder
{
    private static readonly string[] WindowKeys = ["device", "window_start", "window_end"];

    /// <summary>Whether groups are complete only at the end of all rows; those of a device and a window are as in pipelines.</summary>
    private static bool IsGathered(SelectSyntax select, BoundRelation source)
    {
        if (source.Window is not null)
        {
            return select.GroupBy is { } keys && !WindowKeys.All(name => keys.Any(key => key.Name == name));
        }

        return select.GroupBy is not null || select.Having is not null
            || select.Items.Any(item => item.Expression is { } expression && HasAggregate(expression));
    }

    private static bool HasAggregate(ExpressionSyntax syntax) => syntax switch
    {
        CallSyntax call => (call.Over is null && AggregateFunctions.TryFind(call.Name, out _)) || call.Arguments.Any(HasAggregate),
        UnarySyntax unary => HasAggregate(unary.Operand),
        BinarySyntax binary => HasAggregate(binary.Left) || HasAggregate(binary.Right),
        IsNullSyntax test => HasAggregate(test.Operand),
        CaseSyntax choice => (choice.Operand is { } operand && HasAggregate(operand)) || choice.Arms.Any(arm => HasAggregate(arm.When) || HasAggregate(arm.Then))
            || (choice.Otherwise is { } otherwise && HasAggregate(otherwise)),
        _ => false,
    };

    private Bound Gathered(SelectSyntax select, BoundRelation source)
    {
        if (select.Windows.Count > 0)
        {
            throw CompileFault.Unsupported(select.Windows[0].Name.At, "A grouped query has no OVER windows; put them into a view.");
        }

        if (source.Window is { Kind: TimeWindowKind.Session })
        {
            throw CompileFault.Unsupported(
                source.WindowFunction.At, "The sessions of each device are its own, so SESSION needs GROUP BY device, window_start, window_end; group what that gives in a query around it.");
        }

        PlanNode input = source.Window is { } cut ? new AssignNode(source.Node, cut) : source.Node;
        var inner = new ExpressionBinder(context, input.Schema, source.Alias, " inside an aggregate");
        if (select.Where is not null)
        {
            var filter = new ExpressionBinder(context, input.Schema, source.Alias, " in WHERE");
            input = new FilterNode(input, filter.Bind(select.Where).As(ColumnType.Boolean, "WHERE").Scalar);
        }

        var (keys, columns) = Keys(select, new ExpressionBinder(context, input.Schema, source.Alias, " in the table, which is what GROUP BY groups by"));
        var slots = keys.Count;
        var window = new WindowSpec(WindowFrame.Unbounded);
        Typed Aggregate(CallSyntax call, AggregateFunction function) =>
            call.Over is null && function is not (AggregateFunction.Lag or AggregateFunction.Lead or AggregateFunction.RowNumber)
                ? AggregateBinder.Bind(call, function, window, inner, () => NewSlot(call.At, ref slots))
                : throw CompileFault.Unsupported(call.At, $"{call.Name.ToUpperInvariant()} cannot be used so in a grouped query.");

        var schema = new RowSchema(columns, keys.Count);
        var outer = new ExpressionBinder(context, schema, source.Alias, " outside an aggregate of a grouped query", Aggregate);
        var items = Items(select, schema, outer);
        RefuseAliasInHaving(select, inner, outer);
        var having = select.Having is null ? (Typed?)null : outer.Bind(select.Having).As(ColumnType.Boolean, "HAVING");
        PlanNode node = new GatherNode(input, keys, columns.Exists(column => column.Type == ColumnType.Device), window, schema with { Slots = slots });
        return new(having is { } condition ? new FilterNode(node, condition.Scalar) : node, items, null);
    }

    /// <summary>What the SELECT computes has its name only after the groups are made.</summary>
    private static void RefuseAlias(SelectSyntax select, ColumnSyntax key, ExpressionBinder table)
    {
        if (key.Qualifier is null && !table.Has(key.Name) && select.Items.Any(item => item.Alias?.Text == key.Name))
        {
            throw CompileFault.Unsupported(
                key.At, $"GROUP BY takes columns of the table, and '{key.Name}' is a name that SELECT gives. Name it in a query inside: SELECT {key.Name}, COUNT(*) FROM (SELECT … AS {key.Name} FROM …) GROUP BY {key.Name}.");
        }
    }

    /// <summary>Groups are chosen before the SELECT computes what it gives a name, as in standard SQL; what the name stands for may be written there.</summary>
    private static void RefuseAliasInHaving(SelectSyntax select, ExpressionBinder table, ExpressionBinder groups)
    {
        foreach (var column in select.Having is null ? [] : ExpressionText.ColumnsOf(select.Having))
        {
            if (column.Qualifier is null && !table.Has(column.Name) && !groups.Has(column.Name)
                && select.Items.FirstOrDefault(item => item.Alias?.Text == column.Name) is { Expression: { } expression })
            {
                var meant = new ExpressionText(select.Windows.ToDictionary(window => window.Name.Text, window => window.Window, StringComparer.Ordinal)).Of(expression);
                throw CompileFault.Unsupported(
                    column.At, $"HAVING does not know '{column.Name}', a name that SELECT gives to what it computes from the groups. Write what it stands for: {meant}.");
            }
        }
    }

    /// <summary>What groups are made of, the device apart, which every row has beside its values.</summary>
    private static (List<Scalar> Keys, List<Column> Columns) Keys(SelectSyntax select, ExpressionBinder table)
    {
        var (keys, columns) = (new List<Scalar>(), new List<Column>());
        foreach (var syntax in select.GroupBy ?? [])
        {
            RefuseAlias(select, syntax, table);
            var key = table.Find(syntax);
            if (columns.Exists(column => column.Name == key.Name))
            {
                continue;
            }

            if (key.Type == ColumnType.Device)
            {
                columns.Add(key);
                continue;
            }

            // An event time that rows are grouped by is a value of the group, which has no event time itself.
            columns.Add(new(key.Name, key.Type == ColumnType.Rowtime ? ColumnType.Timestamp : key.Type, key.Unit, keys.Count));
            keys.Add(key.Read());
        }

        return (keys, columns);
    }
}
