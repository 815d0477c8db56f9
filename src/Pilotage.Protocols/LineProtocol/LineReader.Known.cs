using System.Numerics;
using System.Runtime.InteropServices;

namespace Pilotage.Protocols.LineProtocol;

/// <content>
/// Fast paths: lines repeat what stood in lines before, the series after a round of devices, the keys in every line, and most
/// values are short decimals. Whatever they take, the slow way reads the same.
/// </content>
public ref partial struct LineReader
{
    private const int DigitsMax = 15;
    private static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>The series of an earlier line, if this one begins with the same bytes.</summary>
    /// <param name="series">The series.</param>
    /// <param name="hash">Of the bytes, where they are plain.</param>
    /// <param name="plain">Length of what stands before the first space; 0 where something in it is escaped.</param>
    private bool TryKnownSeries(out LineSeries series, out ulong hash, out int plain)
    {
        (series, hash) = (null!, 0);
        var rest = _text[_at..];
        plain = rest.IndexOfAny((byte)' ', (byte)'\\', (byte)'\n');
        if (plain <= 0 || rest[plain] != ' ')
        {
            plain = 0;
            return false;
        }

        hash = HashOf(rest[..plain]);
        if (_memory.Find(hash, rest[..plain]) is not { } known)
        {
            return false;
        }

        _known = known;
        _lastKeys = known.Keys ?? _lastKeys;
        series = known.Series;
        _at += plain;
        return true;
    }

    private void Learn(LineSeries series, ulong hash, int plain, int start) =>
        _known = plain > 0 && _at - start == plain ? _memory.Learn(hash, _text.Slice(start, plain), series) : null;

    /// <summary>All fields of a line, where they have the keys of the line before and are plain decimals.</summary>
    private bool TryPlainFields()
    {
        var (at, written) = (_at, _lastKeys.Written);
        var text = _text;
        if (_numbers.Length < written.Length)
        {
            _numbers = new double[written.Length];
        }

        for (var i = 0; i < written.Length; i++)
        {
            if (!TryKey(text[at..], written[i]))
            {
                return false;
            }

            at += written[i].Length;
            if (!TryDecimal(text, ref at, out _numbers[i]))
            {
                return false;
            }

            var goesOn = at < text.Length && text[at] == ',';
            if (goesOn != i + 1 < written.Length)
            {
                return false;
            }

            at += goesOn ? 1 : 0;
        }

        if (written.Length == 0)
        {
            return false;
        }

        _at = at;
        return true;
    }

    private static bool TryKey(ReadOnlySpan<byte> rest, byte[] written) => written.Length > 0 && rest.StartsWith(written);

    private bool TryKnownKey(out string key)
    {
        key = "";
        var place = _keys.Count;
        if (place >= _lastKeys.Keys.Length || !TryKey(_text[_at..], _lastKeys.Written[place]))
        {
            return false;
        }

        key = _lastKeys.Keys[place];
        _written.Add(_lastKeys.Written[place]);
        _at += _lastKeys.Written[place].Length;
        return true;
    }

    private readonly bool Take(string key, MeasuredValue value)
    {
        _keys.Add(key);
        _values.Add(value);
        return true;
    }

    /// <summary>The keys of the line that was read; the known ones where they are the same.</summary>
    private string[] KeysOfLine()
    {
        var keys = CollectionsMarshal.AsSpan(_keys);
        if (!keys.SequenceEqual(_lastKeys.Keys))
        {
            _lastKeys = new LineMemory.KnownKeys(keys.ToArray(), _written.ToArray());
        }

        return _lastKeys.Keys;
    }

    private bool TryPlainNumber(out MeasuredValue value)
    {
        var isDecimal = TryDecimal(_text, ref _at, out var number);
        value = isDecimal ? MeasuredValue.Of(number) : default;
        return isDecimal;
    }

    /// <summary>A decimal of up to 15 digits, which one division of whole numbers makes exactly the double that a parser finds. The place moves on only where there is one.</summary>
    private static bool TryDecimal(ReadOnlySpan<byte> text, ref int place, out double value)
    {
        value = 0;
        var at = place;
        var isNegative = at < text.Length && text[at] == '-';
        at += isNegative ? 1 : 0;
        var (first, point, number) = (at, -1, 0L);
        for (; (uint)at < (uint)text.Length; at++)
        {
            var digit = (uint)(text[at] - '0');
            if (digit <= 9)
            {
                number = (10 * number) + digit;
            }
            else if (text[at] == '.' && point < 0)
            {
                point = at;
            }
            else
            {
                break;
            }
        }

        var digits = at - first - (point < 0 ? 0 : 1);
        if (digits is 0 or > DigitsMax || (at < text.Length && text[at] is not ((byte)',' or (byte)' ' or (byte)'\n')))
        {
            return false;
        }

        var places = point < 0 ? 0 : at - point - 1;
        var magnitude = places > 0 ? number / Powers[places] : number;
        value = isNegative ? -magnitude : magnitude;
        place = at;
        return true;
    }

    private static ulong HashOf(ReadOnlySpan<byte> bytes)
    {
        const ulong Prime = 0x9E37_79B9_7F4A_7C15;
        var hash = (ulong)bytes.Length * Prime;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            hash = (BitOperations.RotateLeft(hash, 31) ^ word) * Prime;
        }

        foreach (var single in bytes[(bytes.Length & ~7)..])
        {
            hash = (BitOperations.RotateLeft(hash, 9) ^ single) * Prime;
        }

        return hash ^ (hash >> 29);
    }
}
