using System.Diagnostics;

namespace Pilotage.Streams.Expressions;

/// <summary>What a <see cref="BinaryScalar"/> computes.</summary>
internal enum BinaryOperator
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

/// <summary>Arithmetic, comparison and three-valued logic over two operands.</summary>
/// <remarks>The last argument tells that this compares numbers, so that a margin may move its threshold.</remarks>
internal sealed class BinaryScalar(BinaryOperator op, Scalar left, Scalar right, bool thresholds = false) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var a = left.Evaluate(head, row);

        // AND and OR may know the answer without the other side, and must when it is NULL.
        if ((op == BinaryOperator.And && a == 0) || (op == BinaryOperator.Or && a == 1))
        {
            return a;
        }

        var b = right.Evaluate(head, row);
        return op >= BinaryOperator.And ? Logic(a, b)
            : double.IsNaN(a) || double.IsNaN(b) ? Null
            : op <= BinaryOperator.Remainder ? Finite(Arithmetic(a, b)) : FromBoolean(Compare(a, b));
    }

    public override Scalar WithMargin(double margin, bool looser)
    {
        if (op >= BinaryOperator.And)
        {
            return new BinaryScalar(op, left.WithMargin(margin, looser), right.WithMargin(margin, looser));
        }

        if (!thresholds || op is < BinaryOperator.Less or > BinaryOperator.GreaterOrEqual)
        {
            return this;
        }

        // The threshold is the constant side, the right one when in doubt. Looser moves it away from the measured side.
        var thresholdIsLeft = left is LiteralScalar && right is not LiteralScalar;
        var upwards = (op is BinaryOperator.Less or BinaryOperator.LessOrEqual) != thresholdIsLeft;
        var signed = upwards == looser ? margin : -margin;
        return thresholdIsLeft
            ? new BinaryScalar(op, new MarginScalar(left, signed), right, thresholds)
            : new BinaryScalar(op, left, new MarginScalar(right, signed), thresholds);
    }

    public override SlotBound? Bound() => (op, left, right) switch
    {
        (BinaryOperator.And, _, _) => left.Bound() ?? right.Bound(),
        (_, SlotScalar slot, LiteralScalar { Value: var number }) when thresholds => BoundOf(op, slot.Slot, number),
        (_, LiteralScalar { Value: var number }, SlotScalar slot) when thresholds => BoundOf(Mirrored(op), slot.Slot, number),
        _ => null,
    };

    public override Reach Reach() => (op, left, right) switch
    {
        (BinaryOperator.And, _, _) => left.Reach().And(right.Reach()),
        (BinaryOperator.Or, _, _) => left.Reach().Or(right.Reach()),
        (_, RowtimeScalar, LiteralScalar { Value: var time }) => Expressions.Reach.Of(op, time),
        (_, LiteralScalar { Value: var time }, RowtimeScalar) => Expressions.Reach.Of(Mirrored(op), time),
        _ => Expressions.Reach.All,
    };

    public override string Describe() => $"({left.Describe()} {op} {right.Describe()})";

    private static SlotBound? BoundOf(BinaryOperator op, int slot, double number) => op switch
    {
        _ when double.IsNaN(number) => null,
        BinaryOperator.Greater or BinaryOperator.GreaterOrEqual or BinaryOperator.Equal => new(slot, number, double.PositiveInfinity),
        BinaryOperator.Less or BinaryOperator.LessOrEqual => new(slot, double.NegativeInfinity, number),
        _ => null,
    };

    private static BinaryOperator Mirrored(BinaryOperator op) => op switch
    {
        BinaryOperator.Less => BinaryOperator.Greater,
        BinaryOperator.LessOrEqual => BinaryOperator.GreaterOrEqual,
        BinaryOperator.Greater => BinaryOperator.Less,
        BinaryOperator.GreaterOrEqual => BinaryOperator.LessOrEqual,
        _ => op,
    };

    // One side decided already if it could: what is left is NULL unless the other decides.
    private double Logic(double a, double b)
    {
        var decides = op == BinaryOperator.And ? 0 : 1;
        return b == decides ? b : double.IsNaN(a) || double.IsNaN(b) ? Null : b;
    }

    private double Arithmetic(double a, double b) => op switch
    {
        BinaryOperator.Add => a + b,
        BinaryOperator.Subtract => a - b,
        BinaryOperator.Multiply => a * b,
        BinaryOperator.Divide => a / b,
        BinaryOperator.Remainder => a % b,
        _ => throw new UnreachableException(),
    };

    private bool Compare(double a, double b) => op switch
    {
        BinaryOperator.Equal => a == b,
        BinaryOperator.NotEqual => a != b,
        BinaryOperator.Less => a < b,
        BinaryOperator.LessOrEqual => a <= b,
        BinaryOperator.Greater => a > b,
        BinaryOperator.GreaterOrEqual => a >= b,
        _ => throw new UnreachableException(),
    };
}

/// <summary>A threshold moved by a signed share of its own size.</summary>
internal sealed class MarginScalar(Scalar threshold, double margin) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var value = threshold.Evaluate(head, row);
        return Finite(value + (Math.Abs(value) * margin));
    }

    public override string Describe() => $"margin({threshold.Describe()}, {margin})";
}
