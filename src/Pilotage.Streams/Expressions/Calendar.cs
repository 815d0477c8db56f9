using System.Globalization;

namespace Pilotage.Streams.Expressions;

/// <summary>Years, months, weeks and what is shorter, of nanoseconds since 1970 on the clock of a place; before 1970 they are negative.</summary>
internal static class Calendar
{
    public const long SecondNs = 1_000_000_000;
    public const long MinuteNs = 60 * SecondNs;
    public const long HourNs = 60 * MinuteNs;
    public const long DayNs = 24 * HourNs;
    private const int NsPerTick = 100;
    private const int MonthsMax = 12 * 300;
    private const long LatestNs = 0x7FEF_FFFF_FFFF_FFFF;

    /// <summary>A part of a time as a number; null where there is no such part.</summary>
    public static Func<long, double>? Field(string name) => name switch
    {
        "SECOND" => static ns => Within(ns, MinuteNs) / SecondNs,
        "MINUTE" => static ns => Within(ns, HourNs) / MinuteNs,
        "HOUR" => static ns => Within(ns, DayNs) / HourNs,
        "DAY" or "DAYOFMONTH" => static ns => DateOf(ns).Day,
        "MONTH" => static ns => DateOf(ns).Month,
        "QUARTER" => static ns => ((DateOf(ns).Month - 1) / 3) + 1,
        "YEAR" => static ns => DateOf(ns).Year,
        "DOY" or "DAYOFYEAR" => static ns => DateOf(ns).DayOfYear,
        "DOW" or "DAYOFWEEK" => static ns => (int)DateOf(ns).DayOfWeek + 1,
        "ISODOW" => static ns => (((int)DateOf(ns).DayOfWeek + 6) % 7) + 1,
        "WEEK" => static ns => ISOWeek.GetWeekOfYear(DateOf(ns)),
        "ISOYEAR" => static ns => ISOWeek.GetYear(DateOf(ns)),
        _ => null,
    };

    /// <summary>Nanoseconds of a unit that is always as long; 0 where it is not.</summary>
    public static long LengthOf(string unit) => unit switch
    {
        "MILLISECOND" => SecondNs / 1_000,
        "SECOND" => SecondNs,
        "MINUTE" => MinuteNs,
        "HOUR" => HourNs,
        "DAY" => DayNs,
        "WEEK" => 7 * DayNs,
        _ => 0,
    };

    /// <summary>How many months a unit has; 0 where it is shorter.</summary>
    public static int MonthsOf(string unit) => unit switch
    {
        "MONTH" => 1,
        "QUARTER" => 3,
        "YEAR" => 12,
        _ => 0,
    };

    /// <summary>When the unit that holds a time began; weeks begin on Sunday, as in Flink.</summary>
    public static long Floor(long ns, string unit)
    {
        if (MonthsOf(unit) is > 0 and var months)
        {
            var date = DateOf(ns);
            return (long)Of(new DateTime(date.Year, date.Month - ((date.Month - 1) % months), 1, 0, 0, 0, DateTimeKind.Utc));
        }

        // 1970 began on a Thursday.
        var shift = unit == "WEEK" ? 4 * DayNs : 0;
        return ns - Within(ns + shift, LengthOf(unit));
    }

    /// <summary>When so many units have passed; a month later is the same day, or the last one of a shorter month. NULL outside of the times there are.</summary>
    public static double Add(long ns, double amount, string unit)
    {
        amount = Math.Truncate(amount);
        if (MonthsOf(unit) is > 0 and var months)
        {
            return Math.Abs(amount * months) > MonthsMax ? Scalar.Null : InRange(AddMonths(ns, (int)amount * months));
        }

        var by = amount * LengthOf(unit);
        return Math.Abs(by) > LatestNs ? Scalar.Null : InRange(ns + ((Int128)amount * LengthOf(unit)));
    }

    /// <summary>The beginning of the unit after one that begins then.</summary>
    public static long Next(long floorNs, string unit) =>
        MonthsOf(unit) is > 0 and var months ? (long)Int128.Min(AddMonths(floorNs, months), long.MaxValue) : floorNs + LengthOf(unit);

    /// <summary>A time as a value of a row; NULL before 1970 and after 2262.</summary>
    public static double InRange(Int128 ns) => ns >= 0 && ns <= LatestNs ? Scalar.FromTime((long)ns) : Scalar.Null;

    public static DateTime DateOf(long ns) => DateTime.UnixEpoch.AddTicks((ns - Within(ns, NsPerTick)) / NsPerTick);

    /// <summary>How far a time lies behind the last multiple of a length.</summary>
    public static long Within(long ns, long lengthNs) => ((ns % lengthNs) + lengthNs) % lengthNs;

    private static Int128 Of(DateTime date) => (Int128)(date.Ticks - DateTime.UnixEpoch.Ticks) * NsPerTick;

    private static Int128 AddMonths(long ns, int months) => Of(DateOf(ns).AddMonths(months)) + Within(ns, NsPerTick);
}
