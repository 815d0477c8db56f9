using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Chunks;

/// <summary>One number of all messages of a group, in the shortest form out of which the same characters come back.</summary>
/// <remarks>
/// Form, then the column: whole numbers with the digits after the point in the form, doubles, times, truth values, or the characters themselves.
/// Numbers of so many digits in all, wherever the point stands, are whole ones and a column of where it stands: as doubles with the most
/// digits after the point they would be longer by those that most of them have not.
/// </remarks>
internal sealed class CellColumn
{
    // 0 to 18: whole numbers, with the form as the digits after the point.
    private const byte Shortest = 32;
    private const byte Pointed = 33;
    private const byte Characters = 34;
    private const byte Truth = 35;
    private const byte Digits = 36;

    // 48 to 57: times of so many digits after the point.
    private const byte Times = 48;
    private readonly byte _form;
    private readonly long[] _wholes;
    private readonly double[] _doubles;
    private readonly byte[] _characters;
    private readonly long[] _decimals;

    private CellColumn(byte form, long[] wholes, long[] decimals, double[] doubles, byte[] characters) =>
        (_form, _wholes, _decimals, _doubles, _characters) = (form, wholes, decimals, doubles, characters);

    public static void Write(BytesWriter writer, byte mark, MessageGroup group, int hole)
    {
        var wholes = new long[group.Messages.Count];
        if (mark == Skeleton.Truth)
        {
            for (var i = 0; i < wholes.Length; i++)
            {
                wholes[i] = group.Token(i, hole)[0] == 't' ? 1 : 0;
            }

            writer.Byte(Truth);
            TruthColumn.Write(writer, wholes);
        }
        else if (TryWholes(mark, group, hole, wholes, out var form))
        {
            writer.Byte(form);
            IntegerColumn.Write(writer, wholes);
        }
        else if (mark == Skeleton.Time)
        {
            WriteCharacters(writer, group, hole, wholes);
        }
        else
        {
            WriteNumbers(writer, group, hole);
        }
    }

    /// <summary>Reads a column of so many; null on bytes that cannot be.</summary>
    public static CellColumn? Read(BytesReader reader, byte mark, int count)
    {
        var form = reader.Byte();
        var wholes = form is Shortest or Pointed ? [] : new long[count];
        var doubles = form is Shortest or Pointed ? new double[count] : [];
        var decimals = form == Digits ? new long[count] : [];
        var characters = Array.Empty<byte>();
        var isRead = form switch
        {
            <= NumberToken.DecimalsMax when mark == Skeleton.Number => IntegerColumn.TryRead(ref reader, wholes),
            >= Times and <= Times + TimeToken.DigitsMax when mark == Skeleton.Time => IntegerColumn.TryRead(ref reader, wholes),
            Shortest or Pointed when mark == Skeleton.Number => DoubleColumn.TryRead(ref reader, doubles),
            Digits when mark == Skeleton.Number => IntegerColumn.TryRead(ref reader, wholes) && IntegerColumn.TryRead(ref reader, decimals)
                && !decimals.AsSpan().ContainsAnyExceptInRange(0, NumberToken.DecimalsMax),
            Truth when mark == Skeleton.Truth => TruthColumn.TryRead(ref reader, wholes),
            Characters when mark != Skeleton.Truth => TryReadCharacters(ref reader, wholes, out characters),
            _ => false,
        };
        return isRead && !reader.IsBad && reader.Left == 0 ? new CellColumn(form, wholes, decimals, doubles, characters) : null;
    }

    /// <summary>Writes one of them as it was; how many bytes, -1 where that cannot be.</summary>
    public int Write(int at, Span<byte> into)
    {
        switch (_form)
        {
            case Shortest or Pointed:
                return NumberToken.WriteShortest(_doubles[at], _form == Pointed, into);
            case Digits:
                return NumberToken.WriteWhole(_wholes[at], (int)_decimals[at], into);
            case Truth:
                var word = _wholes[at] != 0 ? "true"u8 : "false"u8;
                word.CopyTo(into);
                return word.Length;
            case Characters:
                var start = at == 0 ? 0 : (int)_wholes[at - 1];
                var token = _characters.AsSpan(start, (int)_wholes[at] - start);
                token.CopyTo(into);
                return token.Length;
            default:
                return _form >= Times ? TimeToken.Write(_wholes[at], _form - Times, into) : NumberToken.WriteWhole(_wholes[at], _form, into);
        }
    }

    private static bool TryWholes(byte mark, MessageGroup group, int hole, Span<long> wholes, out byte form)
    {
        form = 0;
        for (var i = 0; i < wholes.Length; i++)
        {
            var token = group.Token(i, hole);
            var digits = 0;
            if (mark == Skeleton.Time)
            {
                wholes[i] = TimeToken.Read(token, out digits);
                digits += Times;
            }
            else if (!NumberToken.TryWhole(token, out wholes[i], out digits))
            {
                return false;
            }

            if (i > 0 && digits != form)
            {
                return false;
            }

            form = (byte)digits;
        }

        return true;
    }

    /// <summary>The shortest of the forms in which all of them come back.</summary>
    private static void WriteNumbers(BytesWriter writer, MessageGroup group, int hole)
    {
        var (best, digits) = (new BytesWriter(), new BytesWriter());
        var hasDoubles = TryWriteDoubles(best, group, hole, isPointed: false) || TryWriteDoubles(best, group, hole, isPointed: true);
        if (TryWriteDigits(digits, group, hole) && (!hasDoubles || digits.Length < best.Length))
        {
            best = digits;
        }

        if (best.Length == 0)
        {
            WriteCharacters(best, group, hole, new long[group.Messages.Count]);
        }

        writer.Bytes(best.Written);
    }

    private static bool TryWriteDigits(BytesWriter writer, MessageGroup group, int hole)
    {
        var (wholes, decimals) = (new long[group.Messages.Count], new long[group.Messages.Count]);
        for (var i = 0; i < wholes.Length; i++)
        {
            if (!NumberToken.TryWhole(group.Token(i, hole), out wholes[i], out var places))
            {
                return false;
            }

            decimals[i] = places;
        }

        writer.Byte(Digits);
        IntegerColumn.Write(writer, wholes);
        IntegerColumn.Write(writer, decimals);
        return true;
    }

    private static bool TryWriteDoubles(BytesWriter writer, MessageGroup group, int hole, bool isPointed)
    {
        var doubles = new double[group.Messages.Count];
        for (var i = 0; i < doubles.Length; i++)
        {
            if (!NumberToken.TryShortest(group.Token(i, hole), isPointed, out doubles[i]))
            {
                return false;
            }
        }

        writer.Byte(isPointed ? Pointed : Shortest);
        DoubleColumn.Write(writer, doubles);
        return true;
    }

    private static void WriteCharacters(BytesWriter writer, MessageGroup group, int hole, Span<long> ends)
    {
        long end = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = end += group.Token(i, hole).Length;
        }

        writer.Byte(Characters);
        IntegerColumn.Write(writer, ends);
        for (var i = 0; i < ends.Length; i++)
        {
            writer.Bytes(group.Token(i, hole));
        }
    }

    private static bool TryReadCharacters(ref BytesReader reader, Span<long> ends, out byte[] characters)
    {
        characters = [];
        if (!IntegerColumn.TryRead(ref reader, ends))
        {
            return false;
        }

        characters = reader.Bytes(reader.Left).ToArray();
        long before = 0;
        foreach (var end in ends)
        {
            if (end <= before || end - before > Skeleton.TokenBytesMax || end > characters.Length)
            {
                return false;
            }

            before = end;
        }

        return before == characters.Length;
    }
}
