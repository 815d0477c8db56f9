using System.Buffers;
using System.Globalization;

namespace Pilotage.Streams.Syntax;

/// <summary>Cuts a pipeline's text into tokens with their positions; comments and white space are dropped.</summary>
internal sealed class Lexer(string text)
{
    private static readonly SearchValues<char> SingleSigns = SearchValues.Create("(),.;+-*/%=<>");
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _lineStart;

    private SourcePosition Here => new(_line, _at - _lineStart + 1);

    /// <summary>All tokens, the last one of kind <see cref="TokenKind.End"/>.</summary>
    public static IReadOnlyList<Token> Read(string text) => new Lexer(text).ReadAll();

    private List<Token> ReadAll()
    {
        while (SkipBlanks())
        {
            _tokens.Add(ReadOne());
        }

        _tokens.Add(new(TokenKind.End, "", Here));
        return _tokens;
    }

    private Token ReadOne()
    {
        var first = text[_at];
        return first switch
        {
            '\'' => new(TokenKind.Text, Quoted('\'', out var at), at),
            '`' => new(TokenKind.QuotedName, Quoted('`', out var at), at),
            '$' => ReadParameter(),
            _ when char.IsAsciiDigit(first) || (first == '.' && char.IsAsciiDigit(Peek(1))) => ReadNumber(),
            _ when IsNameStart(first) => ReadName(),
            _ => ReadSign(),
        };
    }

    private bool SkipBlanks()
    {
        while (_at < text.Length)
        {
            if (text[_at] == '-' && Peek(1) == '-')
            {
                var end = text.IndexOf('\n', _at);
                _at = end < 0 ? text.Length : end;
            }
            else if (text[_at] == '/' && Peek(1) == '*')
            {
                SkipBlockComment();
            }
            else if (char.IsWhiteSpace(text[_at]))
            {
                Step();
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private void SkipBlockComment()
    {
        var start = Here;
        var end = text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
        if (end < 0)
        {
            throw CompileFault.Syntax(start, "This comment is never closed; expected */.");
        }

        while (_at < end + 2)
        {
            Step();
        }
    }

    // A doubled quote inside stands for one quote.
    private string Quoted(char quote, out SourcePosition start)
    {
        start = Here;
        var from = ++_at;
        while (_at < text.Length)
        {
            if (text[_at] != quote)
            {
                Step();
            }
            else if (Peek(1) == quote)
            {
                _at += 2;
            }
            else
            {
                var inner = text[from.._at++];
                return inner.Replace(new string(quote, 2), quote.ToString(), StringComparison.Ordinal);
            }
        }

        throw CompileFault.Syntax(start, $"This text is never closed; expected {quote}.");
    }

    private Token ReadParameter()
    {
        var start = Here;
        var close = Peek(1) == '{' ? text.IndexOf('}', _at) : -1;
        var name = close < 0 ? "" : text[(_at + 2)..close];
        if (name.Length == 0 || !IsNameStart(name[0]) || !name.All(IsNamePart))
        {
            throw CompileFault.Syntax(start, "Expected a parameter such as ${alarm_days}.");
        }

        _at = close + 1;
        return new(TokenKind.Parameter, name, start);
    }

    private Token ReadNumber()
    {
        var start = Here;
        var from = _at;
        SkipDigits();
        if (Peek(0) == '.' && char.IsAsciiDigit(Peek(1)))
        {
            _at++;
            SkipDigits();
        }
        else if (Peek(0) == '.' && !IsNameStart(Peek(1)))
        {
            _at++;
        }

        if (Peek(0) is 'e' or 'E')
        {
            _at += Peek(1) is '+' or '-' ? 2 : 1;
            SkipDigits();
        }

        var shown = text[from..Math.Min(_at, text.Length)];
        _at = from + shown.Length;
        var read = double.TryParse(shown, NumberStyles.Float, CultureInfo.InvariantCulture, out var value);
        if (!read || !double.IsFinite(value) || IsNameStart(Peek(0)))
        {
            throw CompileFault.Syntax(start, "Expected a number such as 12, 0.5 or 1e-3.");
        }

        return new(TokenKind.Number, shown, start, value);
    }

    private Token ReadName()
    {
        var start = Here;
        var from = _at;
        while (_at < text.Length && IsNamePart(text[_at]))
        {
            _at++;
        }

        return new(TokenKind.Name, text[from.._at], start);
    }

    private Token ReadSign()
    {
        var start = Here;
        var pair = _at + 1 < text.Length ? text.Substring(_at, 2) : "";
        if (pair is "<>" or "!=" or "<=" or ">=" or "||" or "=>")
        {
            _at += 2;
            return new(TokenKind.Sign, pair, start);
        }

        if (!SingleSigns.Contains(text[_at]))
        {
            throw CompileFault.Syntax(start, $"The character '{text[_at]}' has no meaning here.");
        }

        return new(TokenKind.Sign, text[_at++].ToString(), start);
    }

    private void SkipDigits()
    {
        while (char.IsAsciiDigit(Peek(0)))
        {
            _at++;
        }
    }

    private void Step()
    {
        if (text[_at++] == '\n')
        {
            _line++;
            _lineStart = _at;
        }
    }

    private char Peek(int ahead) => _at + ahead < text.Length ? text[_at + ahead] : '\0';

    private static bool IsNameStart(char c) => char.IsLetter(c) || c == '_';

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c == '_';
}
