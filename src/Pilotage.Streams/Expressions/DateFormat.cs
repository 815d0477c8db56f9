using System.Globalization;

namespace Pilotage.Streams.Expressions;

/// <summary>A time as text by a pattern of Java, as DATE_FORMAT of Flink takes it: <c>yyyy-MM-dd HH:mm:ss.SSS</c>; names are English.</summary>
internal sealed class DateFormat
{
    public const int PatternCharsMax = 64;

    // A letter gives ten at most, and that for four of them; a run of digits is as long as it is written, or two.
    private const int CharsMax = 8 * PatternCharsMax;
    private static readonly DateTimeFormatInfo Names = CultureInfo.InvariantCulture.DateTimeFormat;
    private readonly List<(char Letter, int Count, string Literal)> _parts = [];

    private DateFormat()
    {
    }

    /// <summary>Reads a pattern; null with the letter that has no meaning, or a quote that is never closed.</summary>
    public static DateFormat? Read(string pattern, out char fault)
    {
        var format = new DateFormat();
        for (var at = 0; at < pattern.Length;)
        {
            fault = pattern[at];
            if (fault == '\'')
            {
                if (!format.TryQuoted(pattern, ref at))
                {
                    return null;
                }
            }
            else if (!char.IsAsciiLetter(fault))
            {
                format._parts.Add((' ', 0, pattern.Substring(at++, 1)));
            }
            else
            {
                var start = at;
                while (at < pattern.Length && pattern[at] == fault)
                {
                    at++;
                }

                if (!IsKnown(fault, at - start))
                {
                    return null;
                }

                format._parts.Add((fault, at - start, ""));
            }
        }

        fault = ' ';
        return format;
    }

    public double Of(TextPool texts, long localNs)
    {
        Span<char> text = stackalloc char[CharsMax];
        var length = 0;
        var date = Calendar.DateOf(localNs);
        foreach (var (letter, count, literal) in _parts)
        {
            length += Write(text[length..], letter, count, literal, date, localNs);
        }

        return texts.Add(text[..length]);
    }

    private static bool IsKnown(char letter, int count) => letter switch
    {
        'y' or 'u' or 'M' or 'E' => count <= 4,
        'd' or 'H' or 'h' or 'm' or 's' => count <= 2,
        'D' => count <= 3,
        'S' => count <= 9,
        'a' => count == 1,
        _ => false,
    };

    private bool TryQuoted(string pattern, ref int at)
    {
        var end = pattern.IndexOf('\'', at + 1);
        if (end < 0)
        {
            return false;
        }

        // Two quotes are one.
        _parts.Add((' ', 0, end == at + 1 ? "'" : pattern[(at + 1)..end]));
        at = end + 1;
        return true;
    }

    private static int Write(Span<char> into, char letter, int count, string literal, DateTime date, long localNs) => letter switch
    {
        'y' or 'u' => count == 2 ? Digits(into, date.Year % 100, 2) : Digits(into, date.Year, count),
        'M' when count > 2 => Copy(into, count == 3 ? Names.GetAbbreviatedMonthName(date.Month) : Names.GetMonthName(date.Month)),
        'M' => Digits(into, date.Month, count),
        'd' => Digits(into, date.Day, count),
        'D' => Digits(into, date.DayOfYear, count),
        'E' => Copy(into, count < 4 ? Names.GetAbbreviatedDayName(date.DayOfWeek) : Names.GetDayName(date.DayOfWeek)),
        'H' => Digits(into, date.Hour, count),
        'h' => Digits(into, ((date.Hour + 11) % 12) + 1, count),
        'm' => Digits(into, date.Minute, count),
        's' => Digits(into, date.Second, count),
        'S' => Fraction(into, Calendar.Within(localNs, Calendar.SecondNs), count),
        'a' => Copy(into, date.Hour < 12 ? "AM" : "PM"),
        _ => Copy(into, literal),
    };

    private static int Copy(Span<char> into, string text)
    {
        text.CopyTo(into);
        return text.Length;
    }

    private static int Digits(Span<char> into, int number, int least)
    {
        var length = Math.Max(least, number switch { < 10 => 1, < 100 => 2, < 1_000 => 3, _ => 4 });
        for (var i = length - 1; i >= 0; i--)
        {
            into[i] = (char)('0' + (number % 10));
            number /= 10;
        }

        return length;
    }

    private static int Fraction(Span<char> into, long ns, int digits)
    {
        for (var i = 0; i < digits; i++)
        {
            ns *= 10;
            into[i] = (char)('0' + (ns / Calendar.SecondNs));
            ns %= Calendar.SecondNs;
        }

        return digits;
    }
}
