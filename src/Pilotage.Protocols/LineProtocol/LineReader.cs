using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace Pilotage.Protocols.LineProtocol;

/// <summary>Reads InfluxDB line protocol, as version 2 of it writes it, line by line.</summary>
/// <remarks>
/// Never throws on bad bytes. A line that cannot be read costs that line: reading goes on after the next line break, or at the
/// end where a text is not closed. A line break inside a text is part of it, so what stands in a text is never taken for a line.
/// https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
/// </remarks>
public ref partial struct LineReader
{
    /// <summary>Most tags of a line.</summary>
    public const int TagsMax = 64;

    /// <summary>Most fields of a line.</summary>
    public const int FieldsMax = 1_024;

    /// <summary>Longest measurement, key or tag value, in bytes.</summary>
    public const int NameBytesMax = 512;

    /// <summary>Longest text, in bytes.</summary>
    public const int TextBytesMax = 64 * 1024;

    private readonly ReadOnlySpan<byte> _text;
    private readonly long _nsPerUnit;
    private readonly LineMemory _memory;
    private readonly List<string> _keys = [];
    private readonly List<byte[]> _written = [];
    private readonly List<MeasuredValue> _values = [];
    private readonly List<byte> _unescaped = [];
    private LineMemory.KnownKeys _lastKeys = LineMemory.KnownKeys.None;
    private LineMemory.KnownSeries? _known;
    private double[] _numbers = [];
    private int _at;
    private int _line = 1;
    private int _lineStart;
    private int _fromLine;

    /// <summary>Begins at the first line, and knows nothing.</summary>
    public LineReader(ReadOnlySpan<byte> text, LinePrecision precision)
        : this(text, precision, new LineMemory())
    {
    }

    /// <summary>Begins at the first line, and knows what was read before.</summary>
    public LineReader(ReadOnlySpan<byte> text, LinePrecision precision, LineMemory memory)
    {
        _memory = memory;
        _text = text;
        _nsPerUnit = precision switch
        {
            LinePrecision.Seconds => 1_000_000_000,
            LinePrecision.Milliseconds => 1_000_000,
            LinePrecision.Microseconds => 1_000,
            _ => 1,
        };
    }

    /// <summary>What was read last; null when that could not be.</summary>
    public LinePoint? Point { get; private set; }

    /// <summary>Why the line read last could not be.</summary>
    public LineFault? Fault { get; private set; }

    /// <summary>Reads the next line that is neither empty nor a comment; false at the end.</summary>
    public bool Read()
    {
        (Point, Fault) = (null, null);
        SkipEmpty();
        if (_at == _text.Length)
        {
            return false;
        }

        _fromLine = _line;
        if (!TryLine())
        {
            SkipLine();
        }

        return true;
    }

    private bool TryLine()
    {
        if (!TrySeries(out var series))
        {
            return false;
        }

        SkipSpaces();
        var isPlain = TryPlainFields();
        if (!isPlain && !TryFields())
        {
            return false;
        }

        long? timeNs = null;
        SkipSpaces();
        if (!AtLineEnd && !TryTime(out timeNs))
        {
            return false;
        }

        SkipSpaces();
        if (!AtLineEnd)
        {
            return Bad(_at, "something stands behind the timestamp");
        }

        Point = isPlain
            ? new LinePoint(_fromLine, series, _lastKeys.Keys, _numbers, timeNs)
            : new LinePoint(_fromLine, series, KeysOfLine(), _values, timeNs);
        _memory.Note(_known, _lastKeys);

        return true;
    }

    private bool TryFields()
    {
        _keys.Clear();
        _written.Clear();
        _values.Clear();
        do
        {
            if (!TryField())
            {
                return false;
            }
        }
        while (TakeIf(','));
        return true;
    }

    private bool TrySeries(out LineSeries series)
    {
        if (TryKnownSeries(out series, out var hash, out var plain))
        {
            return true;
        }

        var start = _at;
        var tags = new List<(string Key, string Value)>();
        if (!TryName(", "u8, "measurement", out var measurement))
        {
            return false;
        }

        while (TakeIf(','))
        {
            if (!TryTag(tags))
            {
                return false;
            }
        }

        series = new LineSeries(measurement, tags);
        Learn(series, hash, plain, start);
        return true;
    }

    private bool TryTag(List<(string Key, string Value)> tags)
    {
        var start = _at;
        if (!TryName("=, "u8, "tag key", out var key))
        {
            return false;
        }

        if (!TakeIf('='))
        {
            return Bad(_at, $"the tag \"{Shown(key)}\" has no =");
        }

        if (!TryName("=, "u8, "tag value", out var value))
        {
            return false;
        }

        if (_at < _text.Length && _text[_at] == '=')
        {
            return Bad(_at, $"an = in the value of the tag \"{Shown(key)}\" must be written \\=");
        }

        if (tags.Count == TagsMax)
        {
            return Bad(start, $"there are more than {TagsMax} tags");
        }

        foreach (var (other, _) in tags)
        {
            if (other == key)
            {
                return Bad(start, $"the tag \"{Shown(key)}\" stands twice");
            }
        }

        tags.Add((key, value));
        return true;
    }

    private bool TryField()
    {
        // Fast path: the key that stood here in the line before, and a plain number.
        if (TryKnownKey(out var known))
        {
            return (TryPlainNumber(out var plain) || TryValue(known, out plain)) && Take(known, plain);
        }

        var start = _at;
        if (AtLineEnd)
        {
            return Bad(_at, "a field is missing: a line is measurement[,tag=value…] field=value[,field=value…] [timestamp]");
        }

        if (!TryName("=, "u8, "field key", out var key))
        {
            return false;
        }

        if (!TakeIf('='))
        {
            return Bad(_at, $"the field \"{Shown(key)}\" has no =");
        }

        _written.Add(_text[start.._at].Contains((byte)'\\') ? [] : _text[start.._at].ToArray());

        if (_keys.Count == FieldsMax)
        {
            return Bad(start, $"there are more than {FieldsMax} fields");
        }

        return TryValue(key, out var value) && Take(key, value);
    }

    private bool TryValue(string key, out MeasuredValue value)
    {
        if (_at < _text.Length && _text[_at] == '"')
        {
            return TryText(out value);
        }

        value = default;
        var start = _at;
        var word = Word();
        if (word.IsEmpty)
        {
            return Bad(start, $"the field \"{Shown(key)}\" has no value");
        }

        if (IsTruth(word, out var truth))
        {
            value = MeasuredValue.Of(truth);
            return true;
        }

        if (word[^1] is (byte)'i' or (byte)'u')
        {
            var isWhole = Utf8Parser.TryParse(word[..^1], out long whole, out var used) && used == word.Length - 1 && word[0] != '+'
                && (word[^1] == 'i' || word[0] != '-');
            value = MeasuredValue.Of(whole);
            return isWhole || Bad(start, $"\"{Shown(word)}\" is no whole number of 64 bits");
        }

        // The parser of the platform takes more than the protocol does: white space never gets here, and names of NaN end here.
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (word[^1] is not ((>= (byte)'0' and <= (byte)'9') or (byte)'.') || !double.TryParse(word, Style, CultureInfo.InvariantCulture, out var number))
        {
            return Bad(start, $"\"{Shown(word)}\" is no value; texts stand in quotation marks, whole numbers end in i");
        }

        value = MeasuredValue.Of(number);
        return double.IsFinite(number) || Bad(start, $"\"{Shown(word)}\" is too large");
    }

    private bool TryText(out MeasuredValue value)
    {
        value = default;
        var start = _at++;
        var from = _at;
        _unescaped.Clear();
        var escapes = false;
        while (_at < _text.Length && _text[_at] != '"')
        {
            if (_text[_at] == '\\' && _at + 1 < _text.Length && _text[_at + 1] is (byte)'"' or (byte)'\\')
            {
                if (!escapes)
                {
                    _unescaped.AddRange(_text[from.._at]);
                    escapes = true;
                }

                _at++;
            }

            CountLine(_text[_at]);
            if (escapes)
            {
                _unescaped.Add(_text[_at]);
            }

            _at++;
        }

        if (_at == _text.Length)
        {
            return BadAt(start, "the text that begins here is not closed, so all that follows is lost");
        }

        var bytes = escapes ? CollectionsMarshal.AsSpan(_unescaped) : _text[from.._at];
        _at++;
        if (bytes.Length > TextBytesMax)
        {
            return Bad(_at, $"the text has more than {TextBytesMax} bytes");
        }

        if (!Utf8.IsValid(bytes))
        {
            return Bad(_at, "the text is not UTF-8");
        }

        value = MeasuredValue.Of(Encoding.UTF8.GetString(bytes));
        return AtWordEnd || Bad(_at, "something stands behind the text");
    }

    private bool TryTime(out long? timeNs)
    {
        timeNs = null;
        var start = _at;
        var word = Word();
        if (!Utf8Parser.TryParse(word, out long count, out var used) || used != word.Length || word[0] == '+')
        {
            return Bad(start, $"the timestamp \"{Shown(word)}\" is no whole number");
        }

        var ns = (Int128)count * _nsPerUnit;
        if (ns < long.MinValue || ns > long.MaxValue)
        {
            return Bad(start, $"the timestamp {count} lies beyond what a time can be; does precision say what it counts?");
        }

        timeNs = (long)ns;
        return true;
    }

    /// <summary>A measurement, key or tag value: up to a stop that no backslash stands before.</summary>
    private bool TryName(ReadOnlySpan<byte> stops, string what, out string name)
    {
        name = "";
        var start = _at;
        _unescaped.Clear();
        var escapes = false;
        while (_at < _text.Length && _text[_at] != '\n' && !stops.Contains(_text[_at]))
        {
            // A backslash before anything that need not be escaped stands for itself.
            if (_text[_at] == '\\' && _at + 1 < _text.Length && stops.Contains(_text[_at + 1]))
            {
                if (!escapes)
                {
                    _unescaped.AddRange(_text[start.._at]);
                    escapes = true;
                }

                _at++;
            }

            if (escapes)
            {
                _unescaped.Add(_text[_at]);
            }

            _at++;
        }

        var bytes = escapes ? CollectionsMarshal.AsSpan(_unescaped) : _text[start.._at];
        if (bytes.IsEmpty || (AtLineEnd && bytes is [(byte)'\r']))
        {
            return Bad(start, $"the {what} is missing");
        }

        if (bytes.Length > NameBytesMax)
        {
            return Bad(start, $"the {what} has more than {NameBytesMax} bytes");
        }

        if (!Utf8.IsValid(bytes))
        {
            return Bad(start, $"the {what} is not UTF-8");
        }

        name = Known(bytes);
        return true;
    }

    /// <summary>The same names come in line after line, so each becomes a string once.</summary>
    private readonly string Known(ReadOnlySpan<byte> bytes)
    {
        Span<char> chars = stackalloc char[NameBytesMax];
        var length = Encoding.UTF8.GetChars(bytes, chars);
        if (_memory.Names.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(chars[..length], out var known))
        {
            return known;
        }

        var made = new string(chars[..length]);
        if (_memory.Names.Count < LineMemory.NamesMax)
        {
            _memory.Names.Add(made);
        }

        return made;
    }

    /// <summary>Up to a comma, a space or the end of the line; nothing can be escaped in it.</summary>
    private ReadOnlySpan<byte> Word()
    {
        var start = _at;
        while (!AtWordEnd)
        {
            _at++;
        }

        return _text[start.._at];
    }

    private static bool IsTruth(ReadOnlySpan<byte> word, out bool truth)
    {
        truth = word.SequenceEqual("t"u8) || word.SequenceEqual("T"u8) || word.SequenceEqual("true"u8) || word.SequenceEqual("True"u8) || word.SequenceEqual("TRUE"u8);
        return truth || word.SequenceEqual("f"u8) || word.SequenceEqual("F"u8) || word.SequenceEqual("false"u8) || word.SequenceEqual("False"u8) || word.SequenceEqual("FALSE"u8);
    }

    private readonly bool AtWordEnd => AtLineEnd || _text[_at] is (byte)',' or (byte)' ';

    private readonly bool AtLineEnd =>
        _at == _text.Length || _text[_at] == '\n' || (_text[_at] == '\r' && (_at + 1 == _text.Length || _text[_at + 1] == '\n'));

    private bool TakeIf(char wanted)
    {
        if (_at == _text.Length || _text[_at] != wanted)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void SkipSpaces()
    {
        while (_at < _text.Length && _text[_at] == ' ')
        {
            _at++;
        }
    }

    private void SkipEmpty()
    {
        while (_at < _text.Length)
        {
            if (_text[_at] == '#')
            {
                SkipLine();
            }
            else if (_text[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                CountLine(_text[_at]);
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private void SkipLine()
    {
        var end = _text[_at..].IndexOf((byte)'\n');
        _at = end < 0 ? _text.Length : _at + end;
    }

    private void CountLine(byte current)
    {
        if (current == '\n')
        {
            _line++;
            _lineStart = _at + 1;
        }
    }

    private bool Bad(int at, string says)
    {
        Fault = new LineFault(_line, Math.Max(1, at - _lineStart + 1), says, _fromLine);
        return false;
    }

    /// <summary>The same at a place before line breaks that were passed since.</summary>
    private bool BadAt(int at, string says)
    {
        var before = _text[..at];
        Fault = new LineFault(before.Count((byte)'\n') + 1, at - before.LastIndexOf((byte)'\n'), says, _fromLine);
        return false;
    }

    private static string Shown(ReadOnlySpan<byte> word) => Shown(Encoding.UTF8.GetString(word[..Math.Min(word.Length, 60)]));

    private static string Shown(string name) => name.Length <= 60 ? name : name[..60] + "…";
}
