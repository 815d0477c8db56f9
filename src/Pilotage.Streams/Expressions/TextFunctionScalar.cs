namespace Pilotage.Streams.Expressions;

/// <summary>Computes from values, of which texts are numbers in the pool.</summary>
internal delegate double TextFunction(TextPool texts, ReadOnlySpan<double> values);

/// <summary>A function that reads or makes texts; NULL when any operand is, unless it says what it does with one.</summary>
/// <param name="name">How it is spelled, with what is constant of it.</param>
/// <param name="function">What it does.</param>
/// <param name="operands">What it reads.</param>
/// <param name="takesNull">Whether it is asked about operands that are NULL.</param>
internal sealed class TextFunctionScalar(string name, TextFunction function, Scalar[] operands, bool takesNull = false) : Scalar
{
    private const int OnStackMax = 64;

    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var values = operands.Length <= OnStackMax ? stackalloc double[OnStackMax] : new double[operands.Length];
        values = values[..operands.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = operands[i].Evaluate(head, row);
            if (!takesNull && double.IsNaN(values[i]))
            {
                return Null;
            }
        }

        return function(head.Texts, values);
    }

    public override string Describe() => $"{name}({string.Join(", ", operands.Select(operand => operand.Describe()))})";
}

/// <summary>Whether a text stands before another one, code unit by code unit.</summary>
internal sealed class TextOrderScalar(BinaryOperator op, Scalar left, Scalar right) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var (a, b) = (left.Evaluate(head, row), right.Evaluate(head, row));
        if (double.IsNaN(a) || double.IsNaN(b))
        {
            return Null;
        }

        var order = string.CompareOrdinal(head.Texts[a], head.Texts[b]);
        return FromBoolean(op switch
        {
            BinaryOperator.Less => order < 0,
            BinaryOperator.LessOrEqual => order <= 0,
            BinaryOperator.Greater => order > 0,
            _ => order >= 0,
        });
    }

    public override string Describe() => $"({left.Describe()} {op} {right.Describe()} as text)";
}
