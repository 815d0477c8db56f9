using System.Numerics;
using System.Runtime.InteropServices;

namespace Pilotage.Protocols.LineProtocol;

/// <content>
/// Fast paths: lines repeat what stood in lines before, the series after a round of devices, the keys in every line, and most
/// values are short decimals. Whatever they take, the slow way reads the same.
/// </content>
public ref partial struct LineReader
{
    private const int SeriesMax = 65_536;
    private const int DigitsMax = 15;
    private static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>A series and where its bytes stand.</summary>
    private readonly record struct KnownSeries(int Start, int Length, LineSeries Series);

    /// <summary>The keys of a line, and where each stands; a length of 0 where something in it is escaped.</summary>
    private sealed record KnownKeys(string[] Keys, (int Start, int Length)[] Places)
    {
        public static KnownKeys None { get; } = new([], []);
    }

    /// <summary>The series of an earlier line, if this one begins with the same bytes.</summary>
    /// <param name="series">The series.</param>
    /// <param name="hash">Of the bytes, where they are plain.</param>
    /// <param name="plain">Length of what stands before the first space; 0 where something in it is escaped.</param>
    private bool TryKnownSeries(out LineSeries series, out ulong hash, out int plain)
    {
        series = null!;
        hash = 0;
        var rest = _text[_at..];
        plain = rest.IndexOfAny((byte)' ', (byte)'\\', (byte)'\n');
        if (plain <= 0 || rest[plain] != ' ')
        {
            plain = 0;
            return false;
        }

        var bytes = rest[..plain];
        hash = HashOf(bytes);
        if (!_series.TryGetValue(hash, out var known) || !bytes.SequenceEqual(_text.Slice(known.Start, known.Length)))
        {
            return false;
        }

        series = known.Series;
        _at += plain;
        return true;
    }

    private readonly void Learn(LineSeries series, ulong hash, int plain, int start)
    {
        // Two with one hash: the first is known, the other read each time.
        if (plain > 0 && _at - start == plain && _series.Count < SeriesMax)
        {
            _series.TryAdd(hash, new KnownSeries(start, plain, series));
        }
    }

    private bool TryKnownKey(out string key)
    {
        key = "";
        var place = _keys.Count;
        if (place >= _lastKeys.Keys.Length)
        {
            return false;
        }

        var (start, length) = _lastKeys.Places[place];
        var rest = _text[_at..];
        if (length == 0 || rest.Length <= length || rest[length] != '=' || !rest.StartsWith(_text.Slice(start, length)))
        {
            return false;
        }

        key = _lastKeys.Keys[place];
        _places.Add((_at, length));
        _at += length + 1;
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
        if (keys.SequenceEqual(_lastKeys.Keys))
        {
            return _lastKeys.Keys;
        }

        _lastKeys = new KnownKeys(keys.ToArray(), _places.ToArray());
        return _lastKeys.Keys;
    }

    /// <summary>A decimal of up to 15 digits, which one division of whole numbers makes exactly the double that a parser finds.</summary>
    private bool TryPlainNumber(out MeasuredValue value)
    {
        value = default;
        var at = _at;
        var isNegative = at < _text.Length && _text[at] == '-';
        at += isNegative ? 1 : 0;
        var (digits, places, number) = (0, -1, 0L);
        for (; at < _text.Length; at++)
        {
            var digit = (uint)(_text[at] - '0');
            if (digit <= 9)
            {
                number = (10 * number) + digit;
                digits++;
                places += places >= 0 ? 1 : 0;
            }
            else if (_text[at] == '.' && places < 0)
            {
                places = 0;
            }
            else
            {
                break;
            }
        }

        if (digits is 0 or > DigitsMax || (at < _text.Length && _text[at] is not ((byte)',' or (byte)' ' or (byte)'\n')))
        {
            return false;
        }

        var magnitude = places > 0 ? number / Powers[places] : number;
        value = MeasuredValue.Of(isNegative ? -magnitude : magnitude);
        _at = at;
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
