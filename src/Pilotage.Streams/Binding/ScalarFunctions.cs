namespace Pilotage.Streams.Binding;

/// <summary>The functions over single values, by name.</summary>
internal static class ScalarFunctions
{
    /// <summary>Functions of one number, and whether the result keeps its unit.</summary>
    public static readonly IReadOnlyDictionary<string, (Func<double, double> Function, bool KeepsUnit)> OfOne =
        new Dictionary<string, (Func<double, double>, bool)>
        {
            ["ABS"] = (Math.Abs, true),
            ["FLOOR"] = (Math.Floor, true),
            ["CEIL"] = (Math.Ceiling, true),
            ["CEILING"] = (Math.Ceiling, true),
            ["SQRT"] = (Math.Sqrt, false),
            ["LN"] = (Math.Log, false),
            ["LOG10"] = (Math.Log10, false),
            ["LOG2"] = (Math.Log2, false),
            ["EXP"] = (Math.Exp, false),
            ["SIN"] = (Math.Sin, false),
            ["COS"] = (Math.Cos, false),
            ["TAN"] = (Math.Tan, false),
            ["ASIN"] = (Math.Asin, false),
            ["ACOS"] = (Math.Acos, false),
            ["ATAN"] = (Math.Atan, false),
            ["SINH"] = (Math.Sinh, false),
            ["COSH"] = (Math.Cosh, false),
            ["TANH"] = (Math.Tanh, false),
            ["COT"] = (static x => 1 / Math.Tan(x), false),
            ["DEGREES"] = (static x => x * (180 / Math.PI), false),
            ["RADIANS"] = (static x => x * (Math.PI / 180), false),
            ["SIGN"] = (static x => double.IsNaN(x) ? x : Math.Sign(x), false),
        };

    /// <summary>Functions of two numbers.</summary>
    public static readonly IReadOnlyDictionary<string, Func<double, double, double>> OfTwo =
        new Dictionary<string, Func<double, double, double>>
        {
            ["POWER"] = Math.Pow,
            ["ATAN2"] = Math.Atan2,
        };

    /// <summary>Half away from zero, as SQL rounds; <paramref name="digits"/> below zero round to tens, hundreds and so
    /// on.</summary>
    public static double Round(double value, double digits)
    {
        var scale = Math.Pow(10, Math.Clamp(Math.Truncate(digits), -15, 15));
        return Math.Round(value * scale, MidpointRounding.AwayFromZero) / scale;
    }

    /// <summary>Functions whose operands the binder treats itself.</summary>
    public static readonly IReadOnlyList<string> Special =
        ["COALESCE", "NULLIF", "LEAST", "GREATEST", "IF", "MOD", "ROUND", "PI", "TIMESTAMPDIFF", "CAST"];

    /// <summary>Every name, for suggestions.</summary>
    public static IEnumerable<string> Names => OfOne.Keys.Concat(OfTwo.Keys).Concat(Special).Concat(MathFunctions.Names);
}
