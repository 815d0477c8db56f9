using System.Globalization;
using System.Text;

namespace Pilotage.Server.Fabric.Prometheus.Language;

/// <summary>Cuts a query into its pieces.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/basics/: literals, names and escapes are as there.</remarks>
internal sealed class PromLexer(string query)
{
    private static readonly string[] Symbols = ["=~", "!~", "!=", "==", "<=", ">=", "(", ")", "{", "}", "[", "]", ",", "=", "+", "-", "*", "/", "%", "^", "<", ">", "@", ":"];
    private int _at;

    // A colon is a letter of names, and in a range it stands before the step of a subquery.
    private bool _isInRange;

    /// <summary>All pieces, the end last; or where there is none.</summary>
    public Outcome<IReadOnlyList<PromToken>> Read()
    {
        var tokens = new List<PromToken>();
        while (true)
        {
            PassOver();
            if (_at == query.Length)
            {
                tokens.Add(new PromToken(PromTokenKind.End, "", _at, 0));
                return tokens;
            }

            if (Next() is not { } token)
            {
                return PromFault.At(_at, $"unexpected character '{query[_at]}'");
            }

            if (token.At < 0)
            {
                return PromFault.At(_at, "the text is not closed, or has an escape that is none");
            }

            tokens.Add(token);
        }
    }

    private void PassOver()
    {
        while (_at < query.Length && (char.IsWhiteSpace(query[_at]) || query[_at] == '#'))
        {
            _at = query[_at] == '#' && query.IndexOf('\n', _at) is var end ? (end < 0 ? query.Length : end) : _at + 1;
        }
    }

    private PromToken? Next()
    {
        var first = query[_at];
        _isInRange = first == '[' || (_isInRange && first != ']');
        if (IsNameStart(first) && !(first == ':' && _isInRange))
        {
            return Word();
        }

        if (char.IsAsciiDigit(first) || (first == '.' && _at + 1 < query.Length && char.IsAsciiDigit(query[_at + 1])))
        {
            return Number();
        }

        if (first is '"' or '\'' or '`')
        {
            return Text(first);
        }

        var symbol = Array.Find(Symbols, one => string.CompareOrdinal(query, _at, one, 0, one.Length) == 0);
        return symbol is null ? null : Taken(PromTokenKind.Symbol, symbol.Length);
    }

    private PromToken Word()
    {
        var end = _at;
        while (end < query.Length && (IsNameStart(query[end]) || char.IsAsciiDigit(query[end])))
        {
            end++;
        }

        return query[_at..end].ToUpperInvariant() switch
        {
            "INF" => Taken(PromTokenKind.Number, end - _at, double.PositiveInfinity),
            "NAN" => Taken(PromTokenKind.Number, end - _at, double.NaN),
            _ => Taken(PromTokenKind.Name, end - _at),
        };
    }

    private PromToken? Number()
    {
        if (PromDuration.TryRead(query.AsSpan(_at), out var ns, out var length))
        {
            return Taken(PromTokenKind.Duration, length, ns);
        }

        var end = _at;
        var isHex = query.AsSpan(_at).StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        while (end < query.Length && (char.IsAsciiLetterOrDigit(query[end]) || query[end] is '.' || (!isHex && query[end] is '+' or '-' && query[end - 1] is 'e' or 'E')))
        {
            end++;
        }

        var text = query.AsSpan(_at, end - _at);
        if (isHex)
        {
            return long.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var whole) && whole >= 0 ? Taken(PromTokenKind.Number, text.Length, whole) : null;
        }

        return double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? Taken(PromTokenKind.Number, text.Length, number)
            : null;
    }

    /// <summary>A text with the escapes of Go; a place of -1 says that it is none.</summary>
    private PromToken Text(char quote)
    {
        var start = _at;
        var text = new StringBuilder();
        for (var i = _at + 1; i < query.Length; i++)
        {
            if (query[i] == quote)
            {
                _at = i + 1;
                return new PromToken(PromTokenKind.Text, text.ToString(), start, 0);
            }

            if (query[i] == '\n' && quote != '`')
            {
                break;
            }

            if (query[i] != '\\' || quote == '`')
            {
                text.Append(query[i]);
            }
            else if (!TryEscape(ref i, quote, text))
            {
                break;
            }
        }

        return new PromToken(PromTokenKind.Text, "", -1, 0);
    }

    private bool TryEscape(ref int i, char quote, StringBuilder text)
    {
        if (++i == query.Length)
        {
            return false;
        }

        var digits = query[i] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            var isRune = i + digits < query.Length && int.TryParse(query.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && Rune.IsValid(code);
            text.Append(isRune ? new Rune(int.Parse(query.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToString() : "");
            i += digits;
            return isRune;
        }

        var plain = query[i] switch { 'a' => '\a', 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', 'v' => '\v', '\\' => '\\', var one when one == quote => quote, _ => '\0' };
        text.Append(plain);
        return plain != '\0';
    }

    private PromToken Taken(PromTokenKind kind, int length, double number = 0)
    {
        var token = new PromToken(kind, query.Substring(_at, length), _at, number);
        _at += length;
        return token;
    }

    private static bool IsNameStart(char letter) => char.IsAsciiLetter(letter) || letter is '_' or ':';
}
