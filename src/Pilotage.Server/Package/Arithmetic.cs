using System.Globalization;

namespace Pilotage.Server.Package;

/// <summary>The arithmetic of a package's <c>benefit</c>: numbers, names, <c>${…}</c>, + - * / and brackets.</summary>
/// <remarks>A formula is shown with every figure it makes, so it is kept to what a reader can check by hand.</remarks>
internal sealed class Arithmetic
{
    private const int DepthMax = 32;
    private readonly string _text;
    private readonly Func<string, double?> _names;
    private int _at;
    private int _depth;
    private ArithmeticFault? _fault;

    private Arithmetic(string text, Func<string, double?> names)
    {
        _text = text;
        _names = names;
    }

    /// <summary>The value, or a refusal with the column that cannot be read.</summary>
    public static Outcome<double> Evaluate(string text, Func<string, double?> names)
    {
        var (value, fault) = Read(text, names);
        return fault is null ? value : new Refusal("value.formula", $"In \"{text}\": column {fault.At + 1}: {fault.What}.");
    }

    /// <summary>What is wrong with it whatever its names stand for; null when nothing is.</summary>
    public static ArithmeticFault? FaultOf(string text, Predicate<string> isKnown) =>
        // What is not a number yet makes no number of anything it touches, so what is 0 all the same is 0 always.
        Read(text, name => isKnown(name) ? double.NaN : null).Fault;

    private static (double Value, ArithmeticFault? Fault) Read(string text, Func<string, double?> names)
    {
        var reader = new Arithmetic(text, names);
        var value = reader.Sum();
        reader.Space();
        if (reader._at < text.Length)
        {
            reader.Fault($"'{text[reader._at]}' was not expected");
        }

        return (value, reader._fault);
    }

    private double Sum()
    {
        var value = Product();
        while (Next('+', '-') is { } sign)
        {
            value = sign == '+' ? value + Product() : value - Product();
        }

        return value;
    }

    private double Product()
    {
        var value = Factor();
        while (Next('*', '/') is { } sign)
        {
            value = sign == '*' ? value * Factor() : value / Divisor();
        }

        return value;
    }

    private double Divisor()
    {
        Space();
        var start = _at;
        var value = Factor();
        return value == 0 ? Fault("a division by 0", start) : value;
    }

    private double Factor()
    {
        if (++_depth > DepthMax)
        {
            return Fault("nested too deeply");
        }

        var value = Next('-', '(') switch
        {
            '-' => -Factor(),
            '(' => Bracket(),
            _ => Atom(),
        };
        _depth--;
        return value;
    }

    private double Bracket()
    {
        var value = Sum();
        return Next(')', ')') is null ? Fault("a bracket is not closed") : value;
    }

    private double Atom()
    {
        Space();
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '_' or '.' or '$' or '{' or '}'))
        {
            _at++;
        }

        var word = _text[start.._at];
        if (word.Length > 0 && double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
        {
            return number;
        }

        var name = word.StartsWith("${", StringComparison.Ordinal) && word.EndsWith('}') ? word[2..^1] : word;
        return _names(name) ?? Fault(name.Length == 0 ? "a number or a name is missing" : $"{name} has no value", start);
    }

    private char? Next(char one, char other)
    {
        Space();
        return _at < _text.Length && (_text[_at] == one || _text[_at] == other) ? _text[_at++] : null;
    }

    private void Space()
    {
        while (_at < _text.Length && _text[_at] == ' ')
        {
            _at++;
        }
    }

    private double Fault(string what, int? at = null)
    {
        _fault ??= new(at ?? _at, what);
        return double.NaN;
    }
}

/// <summary>What is wrong with a formula, and at which letter, from 0.</summary>
internal sealed record ArithmeticFault(int At, string What);
