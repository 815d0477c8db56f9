namespace Pilotage.Cli.Import;

/// <summary>Finds the column of times, and how they are written, by name and by what stands in it.</summary>
internal static class TimeGuess
{
    // One cell that is wrong is a fault of its row, in however short a file.
    private const double EnoughShare = 0.9;
    private static readonly string[] Names = ["ts", "time", "timestamp", "datetime", "date_time", "date", "_time", "zeit", "zeitstempel", "datum", "horodatage"];

    // Those of which one reads what another one reads as another day stand in one row: where both fit, nobody can tell.
    private static readonly string[][] Formats =
    [
        ["dd.MM.yyyy HH:mm:ss"], ["dd.MM.yyyy HH:mm"], ["dd.MM.yyyy HH:mm:ss.fff"], ["dd.MM.yyyy HH:mm:ss,fff"], ["yyyy/MM/dd HH:mm:ss"], ["yyyy/MM/dd HH:mm"], ["yyyyMMddHHmmss"],
        ["dd/MM/yyyy HH:mm:ss", "MM/dd/yyyy HH:mm:ss"], ["dd/MM/yyyy HH:mm", "MM/dd/yyyy HH:mm"], ["dd-MM-yyyy HH:mm:ss", "MM-dd-yyyy HH:mm:ss"],
    ];

    private static IEnumerable<string> Simple => TimeForm.UnitNames.Prepend(TimeForm.Iso);

    private static IEnumerable<string> All => Simple.Concat(Formats.SelectMany(row => row));

    /// <summary>The place of the column; null where none looks like times.</summary>
    public static int? Column(IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> sample, string? form, TimeZoneInfo zone)
    {
        bool HoldsTimes(int column, bool isNamed) => form is not null ? Reads(TimeForm.Of(form, zone), Values(sample, column)) : Forms(Values(sample, column), zone).Any(one => isNamed || !one.IsNumber);
        bool HoldsSome(IReadOnlyList<string> values) => form is null ? Nearest(values, zone) is not null : values.Any(value => TimeForm.Of(form, zone).TryRead(value, out _, out _));
        List<int?> named = [.. Names.SelectMany(name => Enumerable.Range(0, headers.Count).Where(i => headers[i].Trim().Equals(name, StringComparison.OrdinalIgnoreCase)))];
        var first = named.Find(i => HoldsTimes(i!.Value, isNamed: true));

        // Numbers alone are times only where their column says so.
        return first ?? Enumerable.Range(0, headers.Count).Cast<int?>().FirstOrDefault(i => HoldsTimes(i!.Value, isNamed: false))
            ?? named.Find(i => HoldsSome(Values(sample, i!.Value)));
    }

    /// <summary>The form that reads the most of values of which no form reads enough; null where none reads any.</summary>
    public static TimeForm? Nearest(IReadOnlyList<string> values, TimeZoneInfo zone) =>
        All.Select(name => new TimeForm(name, zone)).Select(form => (Form: form, Read: values.Count(value => form.TryRead(value, out _, out _)))).Where(one => one.Read > 0).MaxBy(one => one.Read).Form;

    /// <summary>The forms that read nearly all values; several where nobody can tell.</summary>
    public static IReadOnlyList<TimeForm> Forms(IReadOnlyList<string> values, TimeZoneInfo zone)
    {
        var simple = Simple.Select(name => new TimeForm(name, zone)).FirstOrDefault(form => Reads(form, values));
        if (simple is not null)
        {
            return [simple];
        }

        foreach (var row in Formats)
        {
            var fitting = row.Select(name => new TimeForm(name, zone)).Where(form => Reads(form, values)).ToList();
            if (fitting.Count > 0)
            {
                // A day beyond the twelfth decides.
                var best = fitting.Where(form => values.All(value => form.TryRead(value, out _, out _))).ToList();
                return best.Count == 1 ? best : fitting;
            }
        }

        return [];
    }

    /// <summary>What stands in a column of the sample.</summary>
    public static IReadOnlyList<string> Values(IReadOnlyList<IReadOnlyList<string>> sample, int column) =>
        [.. sample.Where(row => column < row.Count && row[column].Length > 0).Select(row => row[column])];

    private static bool Reads(TimeForm form, IReadOnlyList<string> values) =>
        values.Count(value => form.TryRead(value, out _, out _)) is > 0 and var read && (read >= EnoughShare * values.Count || read == values.Count - 1);
}
