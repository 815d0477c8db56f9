using System.Globalization;
using System.Numerics;

namespace Pilotage.Core.Units;

/// <summary>Reads one unit from left to right, products and quotients of the same precedence.</summary>
/// <remarks>UCUM 2.2, sections 2.1 and 2.2. More than it asks: a solidus may lead inside of parentheses too.</remarks>
internal ref struct UcumReader(string text, IReadOnlyDictionary<string, UcumAtom> atoms)
{
    private const int DepthMax = 8;
    private const int ExponentMax = 12;
    private const int TenExponentMax = 99;
    private int _at;

    /// <summary>The part that no table has, where that is what is wrong.</summary>
    public string? Unknown { get; private set; }

    /// <summary>The unit on a logarithmic scale that stands in a product, where that is what is wrong.</summary>
    public string? Logarithmic { get; private set; }

    /// <summary>The whole text; null where it is no unit.</summary>
    public UcumAtom? Read() => Term(0) is { } unit && _at == text.Length ? unit : null;

    private UcumAtom? Term(int depth)
    {
        var isBelow = Take('/');
        UcumAtom? product = null;
        while (true)
        {
            var start = _at;
            if (Component(depth) is not { } component)
            {
                return null;
            }

            if (product is null && !isBelow && (_at == text.Length || text[_at] is not ('.' or '/')))
            {
                // A unit that stands alone keeps its scale and its zero.
                return component;
            }

            if (component.Scale is not null)
            {
                Logarithmic = text[start.._at];
                return null;
            }

            // In a product a scale with its own zero is a difference: 1 Cel counts as 1 K.
            component = component.Power(isBelow ? -1 : 1);
            product = product?.Times(component) ?? component;
            if (Take('.'))
            {
                isBelow = false;
            }
            else if (Take('/'))
            {
                isBelow = true;
            }
            else
            {
                return product;
            }
        }
    }

    private UcumAtom? Component(int depth)
    {
        if (Take('('))
        {
            return depth < DepthMax && Term(depth + 1) is { } inner && Take(')') ? inner : null;
        }

        if (_at < text.Length && text[_at] == '{')
        {
            return Annotation() ? UcumAtom.Number(Exact.One) : null;
        }

        var unit = char.IsAsciiDigit(At()) ? Number() : Symbol();
        return unit is not null && At() == '{' && !Annotation() ? null : unit;
    }

    /// <summary>A positive whole number; <c>10*3</c> and <c>10^3</c> are powers of ten, and <c>2+10</c> is one of two.</summary>
    private UcumAtom? Number()
    {
        var digits = Digits();
        if (digits == "10" && (Take('*') || Take('^')))
        {
            return Raised(UcumAtom.Number(Exact.Of(10)), TenExponentMax);
        }

        var number = BigInteger.Parse(digits, CultureInfo.InvariantCulture);
        return number.IsZero ? null : At() is '+' or '-' ? Raised(UcumAtom.Number(Exact.Of(number)), ExponentMax) : UcumAtom.Number(Exact.Of(number));
    }

    private UcumAtom? Symbol()
    {
        var start = _at;
        while (char.IsAsciiLetter(At()) || At() is '%' or '_' or '\'' or '[')
        {
            // Between brackets stands anything but a bracket (section 2.1, 5).
            var end = At() == '[' ? text.AsSpan(_at + 1).IndexOfAny('[', ']') : 0;
            _at = end < 0 ? text.Length : _at + 1 + (At() == '[' ? end + 1 : 0);
        }

        var symbol = text[start.._at];
        if (Lookup(symbol) is { } atom)
        {
            return Raised(atom, ExponentMax);
        }

        Unknown ??= symbol.Length > 0 ? symbol : null;
        return null;
    }

    private readonly UcumAtom? Lookup(string symbol)
    {
        if (atoms.TryGetValue(symbol, out var atom))
        {
            return atom;
        }

        for (var length = Math.Min(2, symbol.Length - 1); length >= 1; length--)
        {
            if (UcumAtoms.Prefixes.TryGetValue(symbol[..length], out var factor) && atoms.TryGetValue(symbol[length..], out atom) && atom.IsMetric)
            {
                return atom with { Factor = atom.Factor * factor };
            }
        }

        return null;
    }

    private UcumAtom? Raised(UcumAtom unit, int exponentMax)
    {
        var start = _at;
        var isBelow = At() == '-';
        _at += At() is '+' or '-' ? 1 : 0;
        if (Digits() is not { Length: > 0 } digits)
        {
            return _at == start ? unit : null;
        }

        if (unit.Scale is not null)
        {
            Logarithmic = text;
            return null;
        }

        return digits.Length <= 2 && int.Parse(digits, CultureInfo.InvariantCulture) is var n && n > 0 && n <= exponentMax ? unit.Power(isBelow ? -n : n) : null;
    }

    private bool Annotation()
    {
        var end = text.AsSpan(_at + 1).IndexOfAnyExceptInRange('!', '~') is >= 0 and var bad ? _at + 1 + bad : text.Length;
        var close = text.AsSpan(_at + 1, end - _at - 1).IndexOfAny('{', '}');
        if (close < 0 || text[_at + 1 + close] == '{')
        {
            return false;
        }

        _at += close + 2;
        return true;
    }

    private string Digits()
    {
        var start = _at;
        while (char.IsAsciiDigit(At()))
        {
            _at++;
        }

        return text[start.._at];
    }

    private readonly char At() => _at < text.Length ? text[_at] : '\0';

    private bool Take(char c)
    {
        if (At() != c)
        {
            return false;
        }

        _at++;
        return true;
    }
}
