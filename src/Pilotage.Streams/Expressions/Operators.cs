namespace Pilotage.Streams.Expressions;

/// <summary>Minus.</summary>
internal sealed class NegateScalar(Scalar operand) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row) => -operand.Evaluate(head, row);

    public override string Describe() => $"(-{operand.Describe()})";
}

/// <summary>NOT; of NULL it is NULL.</summary>
internal sealed class NotScalar(Scalar operand) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row) => 1 - operand.Evaluate(head, row);

    public override Scalar WithMargin(double margin, bool looser) => new NotScalar(operand.WithMargin(margin, !looser));

    public override string Describe() => $"NOT({operand.Describe()})";
}

/// <summary>IS NULL and IS NOT NULL: the only predicates that are never NULL themselves.</summary>
internal sealed class IsNullScalar(Scalar operand, bool negated) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row) =>
        FromBoolean(double.IsNaN(operand.Evaluate(head, row)) != negated);

    public override string Describe() => $"{(negated ? "SOME" : "NONE")}({operand.Describe()})";
}

/// <summary>The first arm whose condition is true; a NULL condition is not.</summary>
internal sealed class CaseScalar((Scalar When, Scalar Then)[] arms, Scalar? otherwise) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        foreach (var (when, then) in arms)
        {
            if (when.Evaluate(head, row) == 1)
            {
                return then.Evaluate(head, row);
            }
        }

        return otherwise is null ? Null : otherwise.Evaluate(head, row);
    }

    public override bool TryLiterals(ICollection<double> into) =>
        arms.All(arm => arm.Then.TryLiterals(into)) && (otherwise is null || otherwise.TryLiterals(into));

    public override string Describe() =>
        $"CASE({string.Join(", ", arms.Select(arm =>
            $"{arm.When.Describe()}: {arm.Then.Describe()}"))}; {otherwise?.Describe()})";
}

/// <summary>The first operand that is not NULL.</summary>
internal sealed class CoalesceScalar(Scalar[] operands) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        foreach (var operand in operands)
        {
            var value = operand.Evaluate(head, row);
            if (!double.IsNaN(value))
            {
                return value;
            }
        }

        return Null;
    }

    public override string Describe(
        ) => $"COALESCE({string.Join(", ", operands.Select(operand => operand.Describe()))})";
}

/// <summary>LEAST and GREATEST; as in Flink, NULL when any operand is.</summary>
internal sealed class ExtremeScalar(Scalar[] operands, bool greatest) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var extreme = operands[0].Evaluate(head, row);
        for (var i = 1; i < operands.Length; i++)
        {
            var value = operands[i].Evaluate(head, row);
            extreme = greatest ? Math.Max(extreme, value) : Math.Min(extreme, value);
        }

        return extreme;
    }

    public override string Describe() =>
        $"{(greatest ? "GREATEST" : "LEAST")}({string.Join(", ", operands.Select(operand => operand.Describe()))})";
}

/// <summary>A function of one number.</summary>
internal sealed class UnaryFunctionScalar(string name, Func<double, double> function, Scalar operand) : Scalar
{
    public override double Evaluate(
        in RowHead head, ReadOnlySpan<double> row) => Finite(function(operand.Evaluate(head, row)));

    public override string Describe() => $"{name}({operand.Describe()})";
}

/// <summary>A function of two numbers; NULL when either is.</summary>
internal sealed class BinaryFunctionScalar(
    string name, Func<double, double, double> function, Scalar left, Scalar right) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var a = left.Evaluate(head, row);
        var b = right.Evaluate(head, row);

        // Not left to the function: Math.Pow(NaN, 0) is 1.
        return double.IsNaN(a) || double.IsNaN(b) ? Null : Finite(function(a, b));
    }

    public override string Describe() => $"{name}({left.Describe()}, {right.Describe()})";
}

/// <summary>Whole units between two times, cut towards zero as in Flink.</summary>
internal sealed class TimeDifferenceScalar(long unitNs, Scalar from, Scalar to) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var a = from.Evaluate(head, row);
        var b = to.Evaluate(head, row);
        return double.IsNaN(a) || double.IsNaN(b) ? Null : (ToTime(b) - ToTime(a)) / unitNs;
    }

    public override string Describe() => $"TIMESTAMPDIFF({unitNs}, {from.Describe()}, {to.Describe()})";
}
