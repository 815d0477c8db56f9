using System.Globalization;

namespace Pilotage.Core.Units;

/// <summary>Reads units as UCUM writes them: <c>mm/s</c>, <c>kW.h</c>, <c>/min</c>, <c>m3/h</c>, <c>[psi]</c>, <c>%</c>, <c>1</c>, <c>{cycles}</c>.</summary>
/// <remarks>https://ucum.org/ucum, case-sensitive codes; the atoms known are listed in <see cref="UcumAtoms"/>.</remarks>
public static class Ucum
{
    private const int CharsMax = 64;
    private const int DepthMax = 8;
    private const int ExponentMax = 12;

    /// <summary>The unit, or a refusal that names the part nobody knows.</summary>
    public static Outcome<Unit> Parse(string code)
    {
        if (code.Length is 0 or > CharsMax)
        {
            return new Refusal("unit.unknown", $"A unit has 1 to {CharsMax} characters; write \"1\" for a plain number.");
        }

        var reader = new Reader(code);
        var parsed = reader.Term(0);
        if (parsed is not { } value || !reader.AtEnd)
        {
            return new Refusal(
                "unit.unknown",
                $"\"{code}\" is not a UCUM unit{(reader.Unknown is { } part ? $": \"{part}\" is unknown" : "")}; examples: mm/s, Cel, kW, %, 1, h.");
        }

        return new Unit(code, value.Dimension, value.Factor, value.Offset);
    }

    private ref struct Reader(string text)
    {
        private int _at;

        public string? Unknown { get; private set; }

        public readonly bool AtEnd => _at == text.Length;

        public UcumAtoms.Atom? Term(int depth)
        {
            var invert = Take('/');
            UcumAtoms.Atom? product = null;
            while (true)
            {
                if (Component(depth) is not { } component)
                {
                    return null;
                }

                // A scale with its own zero stands alone or is a difference: inside a product 1 Cel counts as 1 K.
                var alone = product is null && !invert && AtEnd;
                var factor = invert ? 1 / component.Factor : component.Factor;
                var dimension = component.Dimension.Power(invert ? -1 : 1);
                product = product is { } so
                    ? new(so.Factor * factor, so.Dimension * dimension, false)
                    : new(factor, dimension, false, alone ? component.Offset : 0);
                if (Take('.'))
                {
                    invert = false;
                }
                else if (Take('/'))
                {
                    invert = true;
                }
                else
                {
                    return product;
                }
            }
        }

        private UcumAtoms.Atom? Component(int depth)
        {
            if (Take('('))
            {
                return depth < DepthMax && Term(depth + 1) is { } inner && Take(')') ? inner with { Offset = 0 } : null;
            }

            if (_at < text.Length && text[_at] == '{')
            {
                return Annotation() ? new UcumAtoms.Atom(1, Dimension.None, false) : null;
            }

            var start = _at;
            if (Digits() is { } number)
            {
                // 10*3 is UCUM for a power of ten; a bare number is a factor.
                return number == "10" && Take('*') ? Raised(new(10, Dimension.None, false)) : Factor(number);
            }

            while (_at < text.Length && (char.IsAsciiLetter(text[_at]) || text[_at] is '%' or '[' or ']' or '_'))
            {
                _at++;
            }

            var symbol = text[start.._at];
            if (Lookup(symbol) is not { } atom)
            {
                Unknown ??= symbol.Length > 0 ? symbol : null;
                return null;
            }

            var raised = Raised(atom);
            return raised is not null && _at < text.Length && text[_at] == '{' && !Annotation() ? null : raised;
        }

        private UcumAtoms.Atom? Raised(UcumAtoms.Atom atom)
        {
            var start = _at;
            var negative = _at < text.Length && text[_at] is '+' or '-' && text[_at++] == '-';
            if (Digits() is not { } digits)
            {
                return _at == start ? atom : null;
            }

            if (digits.Length > 2 || int.Parse(digits, CultureInfo.InvariantCulture) is not (> 0 and <= ExponentMax and var n))
            {
                return null;
            }

            n = negative ? -n : n;
            return new(Math.Pow(atom.Factor, n), atom.Dimension.Power(n), false);
        }

        private static UcumAtoms.Atom? Factor(string digits) =>
            digits.Length <= 9 && int.Parse(digits, CultureInfo.InvariantCulture) is > 0 and var factor
                ? new UcumAtoms.Atom(factor, Dimension.None, false)
                : null;

        private static UcumAtoms.Atom? Lookup(string symbol)
        {
            if (UcumAtoms.All.TryGetValue(symbol, out var atom))
            {
                return atom;
            }

            for (var length = 1; length <= 2 && length < symbol.Length; length++)
            {
                if (UcumAtoms.Prefixes.TryGetValue(symbol[..length], out var factor)
                    && UcumAtoms.All.TryGetValue(symbol[length..], out atom) && atom.Metric)
                {
                    return atom with { Factor = atom.Factor * factor };
                }
            }

            return null;
        }

        private string? Digits()
        {
            var start = _at;
            while (_at < text.Length && char.IsAsciiDigit(text[_at]))
            {
                _at++;
            }

            return _at > start ? text[start.._at] : null;
        }

        private bool Annotation()
        {
            var end = text.IndexOf('}', _at);
            if (end < 0)
            {
                return false;
            }

            _at = end + 1;
            return true;
        }

        private bool Take(char c)
        {
            if (_at < text.Length && text[_at] == c)
            {
                _at++;
                return true;
            }

            return false;
        }
    }
}
