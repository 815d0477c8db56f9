using System.Buffers;
using System.Text;

namespace Pilotage.TimeSeries.Chunks;

/// <summary>A payload with a mark in the place of each number, each true or false, and each text that begins with a time: what stays the same from message to message.</summary>
/// <remarks>Made for JSON, and true of any bytes: the marks are control characters, and a payload that has one of those is none of ours.</remarks>
internal sealed class Skeleton
{
    /// <summary>Stands for a number.</summary>
    public const byte Number = 1;

    /// <summary>Stands for a time at the beginning of a text.</summary>
    public const byte Time = 2;

    /// <summary>Stands for true or false.</summary>
    public const byte Truth = 3;

    /// <summary>Longest number that is taken out.</summary>
    public const int TokenBytesMax = 32;

    private static readonly SearchValues<byte> NumberBytes = SearchValues.Create("0123456789.+-eE"u8);
    private readonly ArrayBufferWriter<byte> _bytes = new(256);
    private readonly List<(int Start, int Length)> _holes = [];

    /// <summary>Where what was taken out of the last payload stood.</summary>
    public IReadOnlyList<(int Start, int Length)> Holes => _holes;

    /// <summary>Whether the last payload says when it was measured: <c>ts</c> with a number, or with a text that begins with a time.</summary>
    public bool HasTime => _bytes.WrittenSpan.IndexOf("\"ts\":\u0001"u8) >= 0 || _bytes.WrittenSpan.IndexOf("\"ts\":\"\u0002"u8) >= 0;

    /// <summary>Whether a byte stands for something that was taken out.</summary>
    public static bool IsMark(byte value) => value is Number or Time or Truth;

    /// <summary>What is left of the last payload, each byte a character.</summary>
    public string ToText() => Encoding.Latin1.GetString(_bytes.WrittenSpan);

    /// <summary>Takes a payload apart; false where that does not suit it.</summary>
    public bool TryRead(ReadOnlySpan<byte> payload)
    {
        _bytes.ResetWrittenCount();
        _holes.Clear();
        if (payload.Length > MessageColumns.PayloadBytesMax)
        {
            return false;
        }

        var isInText = false;
        for (var at = 0; at < payload.Length;)
        {
            if (!isInText && HoleAt(payload[at..], out var mark) is > 0 and var length)
            {
                if (length > TokenBytesMax)
                {
                    return false;
                }

                Take(mark, at, length);
                at += length;
                continue;
            }

            var current = payload[at++];
            if (!TryPut(current))
            {
                return false;
            }

            if (isInText && current == '\\' && at < payload.Length)
            {
                // What is escaped ends no text.
                if (!TryPut(payload[at++]))
                {
                    return false;
                }
            }
            else if (current == '"')
            {
                isInText = !isInText;
                if (isInText && TimeToken.LengthAt(payload[at..]) is > 0 and var time)
                {
                    Take(Time, at, time);
                    at += time;
                }
            }
        }

        return _holes.Count is > 0 and <= MessageColumns.HolesMax;
    }

    private static int HoleAt(ReadOnlySpan<byte> rest, out byte mark)
    {
        mark = Truth;
        if (rest.StartsWith("true"u8))
        {
            return 4;
        }

        if (rest.StartsWith("false"u8))
        {
            return 5;
        }

        mark = Number;
        if (rest[0] != '-' && !char.IsAsciiDigit((char)rest[0]))
        {
            return 0;
        }

        var end = rest.IndexOfAnyExcept(NumberBytes);
        return end < 0 ? rest.Length : end;
    }

    private void Take(byte mark, int start, int length)
    {
        _holes.Add((start, length));
        _bytes.Write([mark]);
    }

    private bool TryPut(byte value)
    {
        _bytes.Write([value]);
        return value >= ' ' || value is (byte)'\t' or (byte)'\n' or (byte)'\r';
    }
}
