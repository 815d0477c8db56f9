using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>Binds UNION ALL: columns go by their place, have the names of the first query, and must be of one kind and one unit.</summary>
internal static class UnionBinder
{
    public static PlanNode Bind(BindingContext context, UnionRelationSyntax union, SelectBinder selects)
    {
        var inputs = union.Queries.Select((query, i) => selects.Bind(i == 0 ? query : Placed(query))).ToList();
        var columns = inputs[0].Schema.Columns.Select((column, place) => new Merged(column.Name, column.Type, column.Unit, IsNull(inputs[0], place))).ToList();
        for (var i = 1; i < inputs.Count; i++)
        {
            var query = union.Queries[i];
            if (inputs[i].Schema.Columns.Count != columns.Count)
            {
                throw CompileFault.Type(
                    query.At,
                    $"The first query of UNION ALL has {columns.Count} columns ({string.Join(", ", inputs[0].Schema.Names)}), this one {inputs[i].Schema.Columns.Count} ({string.Join(", ", inputs[i].Schema.Names)}).");
            }

            for (var place = 0; place < columns.Count; place++)
            {
                columns[place] = Merge(PlaceOf(query, place), place, columns[place], inputs[i].Schema.Columns[place], IsNull(inputs[i], place));
            }
        }

        var schema = SchemaOf(columns);
        var node = new UnionNode([.. inputs.Select(input => Aligned(input, schema))], schema);
        Check(context, union.At, node);
        return node;
    }

    /// <summary>Refuses a step that rows come to on too many ways, or from too far.</summary>
    public static void Check(BindingContext context, SourcePosition at, PlanNode node)
    {
        if (node.Ways > context.Limits.WaysMax)
        {
            throw CompileFault.Limit(at, $"A row of a table would come here on {node.Ways} ways, each a row more to compute; at most {context.Limits.WaysMax}.");
        }

        if (node.Depth > context.Limits.StepsMax)
        {
            throw CompileFault.Limit(at, $"More than {context.Limits.StepsMax} steps from the table to here.");
        }
    }

    private static Merged Merge(SourcePosition at, int place, Merged first, Column column, bool isNull)
    {
        if (isNull)
        {
            return first;
        }

        if (first.IsNull)
        {
            return new(first.Name, column.Type, column.Unit, IsNull: false);
        }

        var areTimes = first.Type is ColumnType.Rowtime or ColumnType.Timestamp && column.Type is ColumnType.Rowtime or ColumnType.Timestamp;
        if (first.Type != column.Type && !areTimes)
        {
            throw CompileFault.Type(
                at, $"Column {place + 1} of UNION ALL is {first.Name}, {Typed.Shown(first.Type)}; here it is {column.Name}, {Typed.Shown(column.Type)}. Columns go by their place; CAST makes one kind of another.");
        }

        if (first.Unit is { } unit && column.Unit is { } other && !Units.AreOne(unit, other))
        {
            throw CompileFault.Unit(
                at, $"Column {place + 1} of UNION ALL is {first.Name} in {unit}; here it is {column.Name} in {other}. Columns go by their place; compute both in one unit.");
        }

        // An event time beside another time is a time that the row holds.
        return first with { Type = first.Type == column.Type ? first.Type : ColumnType.Timestamp, Unit = first.Unit ?? column.Unit };
    }

    private static RowSchema SchemaOf(List<Merged> merged)
    {
        var columns = new List<Column>();
        var slots = 0;
        foreach (var column in merged)
        {
            var inHead = column.Type is ColumnType.Device or ColumnType.Rowtime;
            columns.Add(new(column.Name, column.Type, column.Unit, inHead ? -1 : slots));
            slots += inHead ? 0 : 1;
        }

        return new(columns, slots);
    }

    /// <summary>The rows of one query with their values where those of the union are.</summary>
    private static PlanNode Aligned(PlanNode input, RowSchema schema)
    {
        var values = schema.Columns.Zip(input.Schema.Columns).Where(pair => pair.First.Slot >= 0).Select(pair => pair.Second.Read()).ToList();
        var isThere = input.Schema.Slots == schema.Slots && schema.Columns.Zip(input.Schema.Columns).All(pair => pair.First.Slot == pair.Second.Slot);
        return isThere ? input : new ProjectNode(input, values, schema);
    }

    // Only the first query gives names; what computes in another needs none, and this one nobody can write.
    private static SelectSyntax Placed(SelectSyntax query) => query with
    {
        Items = [.. query.Items.Select((item, i) => item is { Alias: null, Expression: not (null or ColumnSyntax) } ? item with { Alias = new(item.At, $"column {i + 1}") } : item)],
    };

    // Where a star stands for several columns, the place of the query is as near as it gets.
    private static SourcePosition PlaceOf(SelectSyntax query, int place) =>
        query.Items.All(item => item.Expression is not null) ? query.Items[place].At : query.At;

    // The word NULL goes with any kind, as everywhere.
    private static bool IsNull(PlanNode input, int place) =>
        input is ProjectNode project && input.Schema.Columns[place] is { Slot: >= 0 } column && project.Values[column.Slot] is LiteralScalar { Value: double.NaN };

    private sealed record Merged(string Name, ColumnType Type, string? Unit, bool IsNull);
}
