using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>Functions of numbers that take one argument or two, or none.</summary>
internal static class MathFunctions
{
    public static IReadOnlyList<string> Names { get; } = ["LOG", "TRUNCATE", "E"];

    /// <summary>Binds a call; null where there is no such function.</summary>
    public static Typed? Bind(CallSyntax call, string name, ExpressionBinder binder)
    {
        switch (name)
        {
            case "E":
                binder.Numbers(call, name, 0, 0);
                return new(new LiteralScalar(Math.E), ColumnType.Number, null, call.At);
            case "LOG":
                var log = binder.Numbers(call, name, 1, 2);
                Scalar logarithm = log.Length == 1 ? new UnaryFunctionScalar(name, Math.Log, log[0].Scalar) : new BinaryFunctionScalar(name, Log, log[0].Scalar, log[1].Scalar);
                return new(logarithm, ColumnType.Number, null, call.At);
            case "TRUNCATE":
                var cut = binder.Numbers(call, name, 1, 2);
                var digits = cut.Length == 2 ? cut[1].Scalar : new LiteralScalar(0);
                return new(new BinaryFunctionScalar(name, Truncate, cut[0].Scalar, digits), ColumnType.Number, cut[0].Unit, call.At);
            case "RAND" or "RAND_INTEGER" or "UUID":
                throw CompileFault.Unsupported(call.At, $"{name} gives something else each time, so a replay could not give the same.");
            default:
                return null;
        }
    }

    // Those of ten and two are exact for their powers, a quotient is not.
    private static double Log(double digits, double value) => digits == 10 ? Math.Log10(value) : digits == 2 ? Math.Log2(value) : digits > 1 ? Math.Log(value) / Math.Log(digits) : Scalar.Null;

    private static double Truncate(double value, double digits)
    {
        var scale = Math.Pow(10, Math.Clamp(Math.Truncate(digits), -15, 15));
        var whole = Math.Round(value * scale);

        // What has no more digits stays: 1.15 times a hundred is a little less than 115.
        return whole / scale == value ? value : Math.Truncate(value * scale) / scale;
    }
}
