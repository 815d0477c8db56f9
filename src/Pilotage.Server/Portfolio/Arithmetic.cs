using System.Globalization;

namespace Pilotage.Server.Portfolio;

/// <summary>The arithmetic of a package's <c>benefit</c>: numbers, names, <c>${…}</c>, + - * / and brackets.</summary>
/// <remarks>A formula is shown with every figure it makes, so it is kept to what a reader can check by hand.</remarks>
internal sealed class Arithmetic
{
    private const int DepthMax = 32;
    private readonly string _text;
    private readonly Func<string, double?> _names;
    private int _at;
    private int _depth;
    private string? _fault;

    private Arithmetic(string text, Func<string, double?> names)
    {
        _text = text;
        _names = names;
    }

    /// <summary>The value, or a refusal with the column that cannot be read.</summary>
    public static Outcome<double> Evaluate(string text, Func<string, double?> names)
    {
        var reader = new Arithmetic(text, names);
        var value = reader.Sum();
        reader.Space();
        if (reader._fault is null && reader._at < text.Length)
        {
            reader.Fault($"'{text[reader._at]}' was not expected");
        }

        return reader._fault is null ? value : new Refusal("value.formula", $"In \"{text}\": {reader._fault}.");
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
            value = sign == '*' ? value * Factor() : value / Factor();
        }

        return value;
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
        if (word.Length > 0 && double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        var name = word.StartsWith("${", StringComparison.Ordinal) && word.EndsWith('}') ? word[2..^1] : word;
        return _names(name) ?? Fault(name.Length == 0 ? "a number or a name is missing" : $"{name} has no value");
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

    private double Fault(string what)
    {
        _fault ??= $"column {_at + 1}: {what}";
        return double.NaN;
    }
}
