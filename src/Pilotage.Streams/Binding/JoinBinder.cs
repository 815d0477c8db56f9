using Pilotage.Streams.Planning;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>Binds <c>a JOIN b FOR SYSTEM_TIME AS OF a.ts ON a.device = b.device</c>, the join of rows of one device as of a time.</summary>
internal sealed class JoinBinder(BindingContext context, JoinRelationSyntax join, BoundRelation left, PlanNode right)
{
    private const string Shape = "Rows of one device are joined: ON a.device = b.device, and beside it no more than AND b.ts >= a.ts - INTERVAL '10' MINUTE.";
    private readonly RowSchema _schema = Joined(join, left, right);

    public AsOfNode Bind()
    {
        var of = Find(join.AsOf);
        if (of.Type != ColumnType.Rowtime || of.Slot != -1 || !IsOfLeft(of))
        {
            throw CompileFault.Type(
                join.AsOf.At, $"A join is as of the event time of the rows that are joined to, such as {_schema.Tables[0]}.ts; {join.AsOf.Name} is not it.");
        }

        var (isByDevice, ageNs) = (false, long.MaxValue);
        foreach (var condition in Conjuncts(join.On))
        {
            if (IsDevices(condition))
            {
                isByDevice = true;
            }
            else
            {
                ageNs = Math.Min(ageNs, Age(condition) ?? throw CompileFault.Unsupported(condition.At, Shape));
            }
        }

        if (!isByDevice)
        {
            throw CompileFault.Unsupported(join.On.At, Shape);
        }

        if (_schema.Slots > context.Limits.ColumnsMax)
        {
            throw CompileFault.Limit(join.At, $"More than {context.Limits.ColumnsMax} columns, those of both sides counted.");
        }

        // The event time of the second row is a time like any other in the joined one.
        var columns = _schema.Columns.Select(column => !IsOfLeft(column) && column.Type == ColumnType.Rowtime ? column with { Type = ColumnType.Timestamp, Slot = _schema.Slots - 1 } : column);
        var node = new AsOfNode(left.Node, right, join.IsLeft, ageNs, _schema with { Columns = [.. columns] });
        UnionBinder.Check(context, join.At, node);
        return node;
    }

    private bool IsOfLeft(Column column) => column.Table != _schema.Tables[^1];

    private static RowSchema Joined(JoinRelationSyntax join, BoundRelation left, PlanNode right)
    {
        var tables = left.Node is AsOfNode ? left.Node.Schema.Tables
            : left.Alias is { } alias ? [alias]
            : throw CompileFault.Syntax(join.At, "What is joined needs a name: write AS and one after it.");
        var name = join.Right.Alias ?? join.Right.Name;
        if (tables.Contains(name, StringComparer.Ordinal))
        {
            throw CompileFault.Ambiguous(join.Right.At, $"Two tables of the join are called {name}; give one another name with AS.");
        }

        var slots = left.Node.Schema.Slots;
        var columns = left.Node.Schema.Columns.Select(column => column.Table is null ? column with { Table = tables[0] } : column)
            .Concat(right.Schema.Columns.Select(column => column with { Table = name, Slot = column.Slot < 0 ? -1 : slots + column.Slot }));
        return new([.. columns], slots + right.Schema.Slots + 1) { Tables = [.. tables, name] };
    }

    /// <summary>The column of either side that a name stands for.</summary>
    private Column Find(ColumnSyntax syntax) => new ExpressionBinder(context, _schema, null, "").FindJoined(syntax, isSelected: false);

    private static IEnumerable<ExpressionSyntax> Conjuncts(ExpressionSyntax condition) => condition is BinarySyntax { Operator: "AND" } both
        ? Conjuncts(both.Left).Concat(Conjuncts(both.Right))
        : [condition];

    private bool IsDevices(ExpressionSyntax condition) =>
        condition is BinarySyntax { Operator: "=", Left: ColumnSyntax first, Right: ColumnSyntax second }
        && Find(first) is { Type: ColumnType.Device } one && Find(second) is { Type: ColumnType.Device } other && IsOfLeft(one) != IsOfLeft(other);

    /// <summary>How much older the second row may be where a condition says that; null where it says anything else.</summary>
    private long? Age(ExpressionSyntax condition)
    {
        if (condition is not BinarySyntax { Operator: ">=" or "<=" } compared)
        {
            return null;
        }

        var (newer, older) = compared.Operator == ">=" ? (compared.Left, compared.Right) : (compared.Right, compared.Left);
        if (Time(newer) is not { } first || Time(older) is not { } second || first.IsOfLeft == second.IsOfLeft)
        {
            return null;
        }

        // b.ts + x >= a.ts + y leaves an age of x - y; a.ts + x >= b.ts + y is so anyhow unless y is more.
        var ageNs = first.ShiftNs - second.ShiftNs;
        return ageNs < 0 ? null : first.IsOfLeft ? long.MaxValue : ageNs;
    }

    private (bool IsOfLeft, long ShiftNs)? Time(ExpressionSyntax syntax)
    {
        if (syntax is BinarySyntax { Operator: "+" or "-", Left: ColumnSyntax moved, Right: IntervalSyntax by } sum)
        {
            var ns = context.DurationNs(by.Length);
            return Time(moved) is { } time ? (time.IsOfLeft, sum.Operator == "+" ? ns : -ns) : null;
        }

        return syntax is ColumnSyntax column && Find(column) is { Type: ColumnType.Rowtime } found ? (IsOfLeft(found), 0) : null;
    }
}
