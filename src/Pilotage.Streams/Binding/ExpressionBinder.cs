using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Binding;

/// <summary>Binds expressions over one schema: finds names, checks types and units, folds what is constant.</summary>
/// <remarks>The last argument binds aggregate calls; it is null where none is allowed, and the one before says where
/// that is.</remarks>
internal sealed class ExpressionBinder(
    BindingContext context,
    RowSchema schema,
    string? alias,
    string place,
    Func<CallSyntax, AggregateFunction, Typed>? aggregates = null)
{
    public BindingContext Context => context;

    public Typed Bind(ExpressionSyntax syntax)
    {
        switch (syntax)
        {
            case NumberSyntax number:
                return Literal(number.At, number.Value);
            case ParameterSyntax parameter:
                return Literal(parameter.At, context.Parameter(parameter.At, parameter.Name));
            case TextSyntax text:
                return new(new LiteralScalar(context.TextIndex(text.Value), text.Value), ColumnType.Text, null, text.At);
            case BooleanSyntax boolean:
                return new(new LiteralScalar(Scalar.FromBoolean(boolean.Value)), ColumnType.Boolean, null, boolean.At);
            case TimestampSyntax time:
                return TimeText.Bind(time.At, time.Value);
            case IntervalSyntax interval:
                throw CompileFault.Type(interval.At, "An INTERVAL is added to a time or taken from one, and stands on the right of it.");
            case NullSyntax:
                return new(new LiteralScalar(Scalar.Null), ColumnType.Null, null, syntax.At);
            case ColumnSyntax column:
                return Read(column);
            case UnarySyntax unary:
                return Unary(unary);
            case BinarySyntax binary:
                return Fold(Binary(binary), binary.Left, binary.Right);
            case IsNullSyntax test:
                return new(new IsNullScalar(Bind(test.Operand).Scalar, test.Negated), ColumnType.Boolean, null, test.At);
            case CaseSyntax choice:
                return Case(choice);
            default:
                return Call((CallSyntax)syntax);
        }
    }

    /// <summary>Whether there is a column of that name.</summary>
    public bool Has(string name) => schema.Find(name) is not null;

    /// <summary>The column a name stands for; a misspelt one is refused with what is there.</summary>
    public Column Find(ColumnSyntax column)
    {
        if (schema.Tables.Count > 0)
        {
            return FindJoined(column, isSelected: true);
        }

        if (column.Qualifier is { } qualifier && qualifier != alias)
        {
            throw CompileFault.Unknown(column.At, "table", qualifier, alias is null ? [] : [alias], " in this query");
        }

        var found = schema.Find(column.Name)
            ?? throw CompileFault.Unknown(column.At, "column", column.Name, schema.Names, place);
        schema.Read?.Add(found.Name);
        return found;
    }

    /// <summary>The column of one of several joined tables.</summary>
    /// <param name="column">Its name.</param>
    /// <param name="isSelected">Whether its value is asked for; else it only says by what rows are joined.</param>
    public Column FindJoined(ColumnSyntax column, bool isSelected)
    {
        if (column.Qualifier is { } table && !schema.Tables.Contains(table, StringComparer.Ordinal))
        {
            throw CompileFault.Unknown(column.At, "table", table, schema.Tables, " in this query");
        }

        var there = schema.Columns.Where(one => column.Qualifier is null || one.Table == column.Qualifier).ToArray();
        var found = Array.FindAll(there, one => one.Name == column.Name);
        if (found is not [var only])
        {
            throw found.Length == 0
                ? CompileFault.Unknown(column.At, "column", column.Name, there.Select(one => one.Name).Distinct(StringComparer.Ordinal), place)
                : CompileFault.Ambiguous(column.At, $"There is a column {column.Name} in {string.Join(" and in ", found.Select(one => one.Table))}; write {string.Join(" or ", found.Select(one => $"{one.Table}.{one.Name}"))}.");
        }

        // In a row that found none to be joined with it would have to be NULL, and a device is no value.
        return isSelected && only.Type == ColumnType.Device && only.Table != schema.Tables[0]
            ? throw CompileFault.Unsupported(column.At, $"The device of a joined row is that of {schema.Tables[0]}; write {schema.Tables[0]}.{column.Name}.")
            : only;
    }

    private Typed Read(ColumnSyntax syntax)
    {
        var column = Find(syntax);
        return new(column.Read(), column.Type, column.Unit, syntax.At);
    }

    private static Typed Literal(SourcePosition at, double value) =>
        new(new LiteralScalar(value), ColumnType.Number, null, at);

    private Typed Unary(UnarySyntax unary)
    {
        var operand = Bind(unary.Operand);
        if (unary.Operator == "NOT")
        {
            var condition = operand.As(ColumnType.Boolean, "NOT");
            return new(new NotScalar(condition.Scalar), ColumnType.Boolean, null, unary.At);
        }

        var number = operand.As(ColumnType.Number, "The sign -");
        return Fold(new(new NegateScalar(number.Scalar), ColumnType.Number, number.Unit, unary.At), unary.Operand);
    }

    private Typed Binary(BinarySyntax binary)
    {
        var left = Bind(binary.Left);
        if (binary.Right is IntervalSyntax interval)
        {
            return Shifted(binary, left, context.DurationNs(interval.Length));
        }

        var right = Bind(binary.Right);
        return binary.Operator switch
        {
            "AND" or "OR" => Logic(binary, left, right),
            "+" or "-" or "*" or "/" or "%" => Arithmetic(binary, left, right),
            _ => Comparison(binary, left, right),
        };
    }

    private static Typed Shifted(BinarySyntax binary, Typed time, long byNs)
    {
        if (!time.IsTime || binary.Operator is not ("+" or "-"))
        {
            throw CompileFault.Type(binary.At, $"An INTERVAL is added to a time or taken from one, found {binary.Operator} with {Typed.Shown(time.Type)}.");
        }

        Scalar shifted = new TimeShiftScalar(time.Scalar, binary.Operator == "+" ? byNs : -byNs);
        shifted = time.Scalar is LiteralScalar ? new LiteralScalar(shifted.Evaluate(default, default)) : shifted;
        return new(shifted, ColumnType.Timestamp, null, binary.At);
    }

    private static Typed Logic(BinarySyntax binary, Typed left, Typed right)
    {
        var op = binary.Operator == "AND" ? BinaryOperator.And : BinaryOperator.Or;
        left = left.As(ColumnType.Boolean, binary.Operator);
        right = right.As(ColumnType.Boolean, binary.Operator);
        return new(new BinaryScalar(op, left.Scalar, right.Scalar), ColumnType.Boolean, null, binary.At);
    }

    private static Typed Arithmetic(BinarySyntax binary, Typed left, Typed right)
    {
        if (left.IsTime || right.IsTime)
        {
            throw CompileFault.Type(
                binary.At, "Times are not numbers; their distance is TIMESTAMPDIFF(SECOND, from, to), and a time is moved by INTERVAL '1' HOUR.");
        }

        left = left.As(ColumnType.Number, $"The sign {binary.Operator}");
        right = right.As(ColumnType.Number, $"The sign {binary.Operator}");
        var (op, unit) = binary.Operator switch
        {
            "+" => (BinaryOperator.Add, Units.Sum(binary.At, subtract: false, left.Unit, right.Unit)),
            "-" => (BinaryOperator.Subtract, Units.Sum(binary.At, subtract: true, left.Unit, right.Unit)),
            "*" => (BinaryOperator.Multiply, Units.Product(left.Unit, right.Unit)),
            "/" => (BinaryOperator.Divide, Units.Quotient(left.Unit, right.Unit)),
            _ => (BinaryOperator.Remainder, left.Unit),
        };
        return new(new BinaryScalar(op, left.Scalar, right.Scalar), ColumnType.Number, unit, binary.At);
    }

    private Typed Comparison(BinarySyntax binary, Typed left, Typed right)
    {
        if (context.Query is { } query)
        {
            if (query.DeviceIs(binary, left, right) is { } test)
            {
                return test;
            }

            (left, right) = (QueryScope.AsTime(binary.Left, left, right), QueryScope.AsTime(binary.Right, right, left));
        }

        var type = Common(binary.At, "compare", left, right);
        if (type == ColumnType.Device)
        {
            throw CompileFault.Unsupported(binary.At, "A device can be selected and grouped by, not compared.");
        }

        var ordered = binary.Operator is not ("=" or "<>");
        if (ordered && type is ColumnType.Boolean)
        {
            throw CompileFault.Type(
                binary.At, $"{Typed.Shown(type)} can be equal or not, there is no {binary.Operator}.");
        }

        Units.Same(binary.At, "compare", left.Unit, right.Unit);
        var op = binary.Operator switch
        {
            "=" => BinaryOperator.Equal,
            "<>" => BinaryOperator.NotEqual,
            "<" => BinaryOperator.Less,
            "<=" => BinaryOperator.LessOrEqual,
            ">" => BinaryOperator.Greater,
            _ => BinaryOperator.GreaterOrEqual,
        };
        Scalar compared = ordered && type == ColumnType.Text
            ? new TextOrderScalar(op, left.Scalar, right.Scalar)
            : new BinaryScalar(op, left.Scalar, right.Scalar, thresholds: type == ColumnType.Number);
        return new(compared, ColumnType.Boolean, null, binary.At);
    }

    private Typed Case(CaseSyntax choice)
    {
        var arms = new (Scalar, Scalar)[choice.Arms.Count];
        Typed? result = null;
        for (var i = 0; i < arms.Length; i++)
        {
            var (when, then) = choice.Arms[i];
            var condition = choice.Operand is null
                ? Bind(when).As(ColumnType.Boolean, "WHEN")
                : Comparison(new(when.At, "=", choice.Operand, when), Bind(choice.Operand), Bind(when));
            var value = Bind(then);
            result = Merge("mix", result, value);
            arms[i] = (condition.Scalar, value.Scalar);
        }

        var otherwise = choice.Otherwise is null ? (Typed?)null : Bind(choice.Otherwise);
        result = otherwise is null ? result : Merge("mix", result, otherwise.Value);
        return Merged(result!.Value) with { Scalar = new CaseScalar(arms, otherwise?.Scalar), At = choice.At };
    }

    private Typed Call(CallSyntax call)
    {
        if (AggregateFunctions.TryFind(call.Name, out var aggregate))
        {
            return aggregates is not null
                ? aggregates(call, aggregate)
                : throw CompileFault.Type(
                    call.At, $"{call.Name.ToUpperInvariant()} is an aggregate and cannot stand{place}.");
        }

        if (call.Over is not null)
        {
            throw CompileFault.Unknown(call.At, "function", call.Name, AggregateFunctions.Names, " to use with OVER");
        }

        var name = call.Name.ToUpperInvariant();
        if (call.IsStar)
        {
            throw CompileFault.Type(call.At, $"{name}(*) has no meaning; only COUNT takes *.");
        }

        return name == "TIMESTAMPDIFF" ? TimeDifference(call) : Fold(Function(call, name), [.. call.Arguments]);
    }

    private Typed Function(CallSyntax call, string name)
    {
        if (ScalarFunctions.OfOne.TryGetValue(name, out var ofOne))
        {
            var operand = Numbers(call, name, 1, 1)[0];
            var unit = ofOne.KeepsUnit ? operand.Unit : null;
            return new(new UnaryFunctionScalar(name, ofOne.Function, operand.Scalar), ColumnType.Number, unit, call.At);
        }

        if (ScalarFunctions.OfTwo.TryGetValue(name, out var ofTwo))
        {
            var pair = Numbers(call, name, 2, 2);
            return new(new BinaryFunctionScalar(name, ofTwo, pair[0].Scalar, pair[1].Scalar), ColumnType.Number, null, call.At);
        }

        switch (name)
        {
            case "NOW" when context.Query is { } query:
                Count(call, name, 0, 0);
                return new(new LiteralScalar(Scalar.FromTime(query.NowNs)), ColumnType.Timestamp, null, call.At);
            case "PI":
                Numbers(call, name, 0, 0);
                return Literal(call.At, Math.PI);
            case "CAST":
                return CastBinder.Bind(call.At, Bind(call.Arguments[0]), (TextSyntax)call.Arguments[1]);
            case "MOD":
                var divided = Numbers(call, name, 2, 2);
                return Arithmetic(new(call.At, "%", call.Arguments[0], call.Arguments[1]), divided[0], divided[1]);
            case "ROUND":
                var rounded = Numbers(call, name, 1, 2);
                var digits = rounded.Length == 2 ? rounded[1].Scalar : new LiteralScalar(0);
                var round = new BinaryFunctionScalar(name, ScalarFunctions.Round, rounded[0].Scalar, digits);
                return new(round, ColumnType.Number, rounded[0].Unit, call.At);
            case "LEAST" or "GREATEST":
                var candidates = Numbers(call, name, 1, int.MaxValue);
                var extreme = new ExtremeScalar(Scalars(candidates), name == "GREATEST");
                return new(extreme, ColumnType.Number, MergeAll(candidates).Unit, call.At);
            case "COALESCE":
                Count(call, name, 1, int.MaxValue);
                var operands = call.Arguments.Select(Bind).ToArray();
                return MergeAll(operands) with { Scalar = new CoalesceScalar(Scalars(operands)), At = call.At };
            case "NULLIF":
                Count(call, name, 2, 2);
                var equal = new BinarySyntax(call.At, "=", call.Arguments[0], call.Arguments[1]);
                return Case(new(call.At, null, [(equal, new NullSyntax(call.At))], call.Arguments[0]));
            case "IF":
                Count(call, name, 3, 3);
                return Case(new(call.At, null, [(call.Arguments[0], call.Arguments[1])], call.Arguments[2]));
            default:
                return MathFunctions.Bind(call, name, this) ?? TimeFunctions.Bind(call, name, this) ?? TextFunctions.Bind(call, name, this) ?? throw CompileFault.Unknown(
                    call.At, "function", call.Name, ScalarFunctions.Names.Concat(TimeFunctions.Names).Concat(TextFunctions.Names).Concat(AggregateFunctions.Names), "");
        }
    }

    private Typed TimeDifference(CallSyntax call)
    {
        Count(call, "TIMESTAMPDIFF", 3, 3);
        if (call.Arguments[0] is not ColumnSyntax { Qualifier: null } name || TimeUnits.ToNs(name.Name) is not { } unit)
        {
            throw CompileFault.Syntax(call.Arguments[0].At, $"Expected a unit: {string.Join(", ", TimeUnits.Names)}.");
        }

        var from = Bind(call.Arguments[1]);
        var to = Bind(call.Arguments[2]);
        var wrong = from.IsTime ? to : from;
        return from.IsTime && to.IsTime
            ? new(new TimeDifferenceScalar(unit, from.Scalar, to.Scalar), ColumnType.Number, TimeUnits.Ucum(unit), call.At)
            : throw CompileFault.Type(wrong.At, $"TIMESTAMPDIFF expects a time, found {Typed.Shown(wrong.Type)}.");
    }

    /// <summary>So many operands, which are numbers.</summary>
    public Typed[] Numbers(CallSyntax call, string name, int least, int most)
    {
        Count(call, name, least, most);
        return [.. call.Arguments.Select(argument => Bind(argument).As(ColumnType.Number, name))];
    }

    /// <summary>Refuses a wrong number of arguments.</summary>
    public static void Count(CallSyntax call, string name, int least, int most)
    {
        if (call.Arguments.Count < least || call.Arguments.Count > most)
        {
            var expected = least == most ? $"{least}" : most == int.MaxValue ? $"at least {least}" : $"{least} to {most}";
            throw CompileFault.Type(call.At, $"{name} takes {expected} arguments, found {call.Arguments.Count}.");
        }
    }

    private static Typed MergeAll(Typed[] values)
    {
        Typed? merged = null;
        foreach (var value in values)
        {
            merged = Merge("mix", merged, value);
        }

        return Merged(merged!.Value);
    }

    // A choice between event times is a time, but no longer the event time of the row; a device is not a value to
    // choose.
    private static Typed Merged(Typed value) => value.Type switch
    {
        ColumnType.Rowtime => value with { Type = ColumnType.Timestamp },
        ColumnType.Device => throw CompileFault.Unsupported(
            value.At, "A device can be selected and grouped by, not computed with."),
        _ => value,
    };

    private static Typed Merge(string verb, Typed? before, Typed value) => before is not { } first
        ? value
        : value with
        {
            Type = Common(value.At, verb, first, value),
            Unit = Units.Same(value.At, verb, first.Unit, value.Unit),
        };

    private static ColumnType Common(SourcePosition at, string verb, Typed left, Typed right) =>
        (left.Type, right.Type) switch
        {
            var (a, b) when a == b => a == ColumnType.Rowtime ? ColumnType.Timestamp : a,
            (ColumnType.Null, var b) => b,
            (var a, ColumnType.Null) => a,
            _ when left.IsTime && right.IsTime => ColumnType.Timestamp,
            var (a, b) => throw CompileFault.Type(at, $"Cannot {verb} {Typed.Shown(a)} and {Typed.Shown(b)}."),
        };

    private static Scalar[] Scalars(Typed[] values) => [.. values.Select(value => value.Scalar)];

    // What depends on no row is computed now; a constant keeps the type and position of what was written.
    private Typed Fold(Typed bound, params ReadOnlySpan<ExpressionSyntax> operands)
    {
        if (bound.Type == ColumnType.Text)
        {
            // A text that is made has its number in the pool of a run.
            return bound;
        }

        foreach (var operand in operands)
        {
            if (!IsConstant(operand))
            {
                return bound;
            }
        }

        return bound with { Scalar = new LiteralScalar(bound.Scalar.Evaluate(new RowHead(0, 0, 0, new TextPool(context.Texts, context.Limits)), default)) };
    }

    private static bool IsConstant(ExpressionSyntax syntax) => syntax switch
    {
        NumberSyntax or ParameterSyntax or TextSyntax or BooleanSyntax or NullSyntax => true,
        UnarySyntax unary => IsConstant(unary.Operand),
        BinarySyntax binary => IsConstant(binary.Left) && IsConstant(binary.Right),
        _ => false,
    };
}
