using System.Globalization;
using System.Text.RegularExpressions;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Import;

/// <summary>How the times of a file are written.</summary>
/// <param name="Name"><c>iso</c>, <c>s</c>, <c>ms</c>, <c>us</c>, <c>ns</c>, or a format such as <c>dd.MM.yyyy HH:mm:ss</c>.</param>
/// <param name="Zone">Where clocks stood that wrote no offset.</param>
internal sealed partial record TimeForm(string Name, TimeZoneInfo Zone)
{
    public const string Iso = "iso";
    private const int FractionDigits = 9;

    // What the server takes: before it devices have no clock, and after it they have a wrong one.
    private const long EarliestNs = 315_532_800_000_000_000; // 1980-01-01
    private const long LatestNs = 4_102_444_800_000_000_000; // 2100-01-01
    private static readonly Dictionary<string, decimal> Units = new(StringComparer.Ordinal) { ["s"] = 1_000_000_000, ["ms"] = 1_000_000, ["us"] = 1_000, ["ns"] = 1 };

    /// <summary>The units in which a number can be a time.</summary>
    public static IEnumerable<string> UnitNames => Units.Keys;

    public bool IsNumber => Units.ContainsKey(Name);

    /// <summary>The form a user named.</summary>
    public static TimeForm Of(string name, TimeZoneInfo zone)
    {
        if (name != Iso && !Units.ContainsKey(name))
        {
            // A format that cannot be would otherwise fail on the first row. One letter alone is a culture's own format, and reads no file.
            var isFormat = name.Length > 1;
            try
            {
                isFormat = isFormat && DateTime.TryParseExact(
                    DateTime.UnixEpoch.ToString(name, CultureInfo.InvariantCulture), name, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
            }
            catch (FormatException)
            {
                isFormat = false;
            }

            if (!isFormat)
            {
                throw new CliFailure(ExitCode.Usage, $"--time-format: '{name}' is no form of time", "known are iso, s, ms, us, ns, and formats such as dd.MM.yyyy HH:mm:ss", "--time-format 'dd.MM.yyyy HH:mm:ss'");
            }
        }

        return new TimeForm(name, zone);
    }

    /// <summary>The zone of a name such as <c>Europe/Paris</c>.</summary>
    public static TimeZoneInfo ZoneOf(string? name)
    {
        try
        {
            return name is null ? TimeZoneInfo.Utc : TimeZoneInfo.FindSystemTimeZoneById(name);
        }
        catch (Exception unknown) when (unknown is TimeZoneNotFoundException or InvalidTimeZoneException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Usage, $"--timezone: there is no time zone '{name}' on this machine", "a zone is named as in the IANA data base", "--timezone Europe/Paris");
        }
    }

    /// <summary>Nanoseconds since 1970, or why the text is no time.</summary>
    public bool TryRead(string text, out long ns, out string? why)
    {
        why = Units.TryGetValue(Name, out var unit) ? ReadNumber(text, unit, out ns) : Name == Iso ? ReadIso(text, out ns) : ReadFormat(text, out ns);
        why ??= ns is < EarliestNs or > LatestNs ? $"'{Shown(text)}' lies outside 1980 to 2100" : null;
        return why is null;
    }

    private static string? ReadNumber(string text, decimal unit, out long ns)
    {
        ns = 0;
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number))
        {
            return $"'{Shown(text)}' is no number of time";
        }

        ns = Math.Abs(number) > LatestNs / unit ? long.MaxValue : (long)(number * unit);
        return null;
    }

    private string? ReadIso(string text, out long ns)
    {
        ns = 0;
        var parts = IsoText().Match(text);
        if (!parts.Success
            || !DateTime.TryParseExact(
                $"{parts.Groups["date"]} {Or(parts.Groups["minute"], "00:00")}:{Or(parts.Groups["second"], "00")}", "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
        {
            return $"'{Shown(text)}' is no time such as 2026-01-31T08:00:00Z";
        }

        var fraction = long.Parse(parts.Groups["fraction"].Value.PadRight(FractionDigits, '0'), CultureInfo.InvariantCulture);
        var offset = parts.Groups["offset"].Value;
        if (offset.Length == 0)
        {
            return InZone(at, fraction, out ns);
        }

        if (offset is not ("Z" or "z"))
        {
            var span = new TimeSpan(int.Parse(offset[1..3], CultureInfo.InvariantCulture), int.Parse(offset[^2..], CultureInfo.InvariantCulture), 0);
            at -= offset[0] == '-' ? -span : span;
        }

        ns = Ns(at) + fraction;
        return null;
    }

    private string? ReadFormat(string text, out long ns)
    {
        ns = 0;
        var saysOffset = Name.AsSpan().ContainsAny('z', 'K');
        if (saysOffset)
        {
            var isTime = DateTimeOffset.TryParseExact(text, Name, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var with);
            ns = isTime ? Ns(with.UtcDateTime) : 0;
            return isTime ? null : $"'{Shown(text)}' is no time of the form {Name}";
        }

        return DateTime.TryParseExact(text, Name, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)
            ? InZone(at, 0, out ns)
            : $"'{Shown(text)}' is no time of the form {Name}";
    }

    /// <summary>A time of a clock on the wall; of an hour that comes twice the second one, in standard time.</summary>
    private string? InZone(DateTime at, long fractionNs, out long ns)
    {
        if (Zone.IsInvalidTime(at))
        {
            ns = 0;
            return $"{at:yyyy-MM-dd HH:mm:ss} is no time in {Zone.Id}: clocks were put forward over it";
        }

        ns = Ns(at - Zone.GetUtcOffset(at)) + fractionNs;
        return null;
    }

    // Years that do not fit lie outside of what is taken anyway.
    private static long Ns(DateTime utc) => utc.Year is < 1900 or > 2200 ? long.MaxValue : (utc - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    private static string Or(Group group, string instead) => group.Success ? group.Value : instead;

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";

    [GeneratedRegex(@"^(?<date>\d{4}-\d{2}-\d{2})(?:[Tt ](?<minute>\d{2}:\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?\s?(?<offset>[Zz]|[+-]\d{2}:?\d{2})?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex IsoText();
}
