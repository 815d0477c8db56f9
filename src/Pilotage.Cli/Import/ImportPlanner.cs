using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Import;

/// <summary>Makes a plan of what was said about a file and of its first rows.</summary>
internal sealed partial class ImportPlanner(ImportWishes wishes, string folder)
{
    /// <summary>Rows that are looked at.</summary>
    public const int SampleRows = 1_000;

    private const int FirstShown = 3;
    private const int DevicesLookedAt = 20;
    private const int PropertiesMax = 1_024;
    private const int PropertyCharsMax = 128;
    private const string TimeName = "ts";

    // A few words between numbers are mistakes of a logger; a column of words with a few numbers is text.
    private const double NumberShare = 0.9;

    public ImportPlan Make()
    {
        using var file = ImportFile.Open(folder, wishes.File, wishes.Delimiter, new WrongRows(isStrict: false));
        file.ReadHeader();
        var headers = Headers(file);
        var (sample, lines) = (new List<IReadOnlyList<string>>(), new List<long>());
        while (sample.Count < SampleRows && file.Read())
        {
            sample.Add(file.Rows.Current.ToArray());
            lines.Add(file.Rows.LineNumber);
        }

        if (sample.Count == 0)
        {
            throw new CliFailure(ExitCode.Usage, $"{wishes.File} has no row below its header that can be read", null, "a file of CSV with a header and rows");
        }

        var zone = TimeForm.ZoneOf(wishes.TimeZone);
        var time = TimeColumn(headers, sample, zone);
        var cells = sample.Zip(lines).Where(row => time < row.First.Count && row.First[time].Length > 0).Select(row => (Line: row.Second, Text: row.First[time])).ToList();
        var times = cells.ConvertAll(cell => cell.Text);
        var form = Form(headers[time], cells, zone);
        var device = wishes.DeviceColumn is { } name ? Named("--device-column", headers, name) : (int?)null;
        var hasDecimalComma = wishes.HasDecimalComma ?? HasDecimalComma(sample, time, file.Rows.Separator);
        var columns = Columns(headers, sample, time, device, hasDecimalComma);
        var values = columns.Where(column => column.Role == ColumnPlan.IsValue).ToList();
        return values.Count is > 0 and <= PropertiesMax
            ? new ImportPlan
            {
                File = wishes.File,
                Delimiter = file.Rows.Separator,
                HasDecimalComma = hasDecimalComma,
                Time = form,
                TimeColumn = time,
                Device = wishes.Device,
                DeviceColumn = device,
                Columns = columns,
                Values = values,
                FirstDevices = device is { } of ? [.. TimeGuess.Values(sample, of).Distinct(StringComparer.Ordinal).Take(DevicesLookedAt)] : [wishes.Device!],
                Notes = Notes(form, times),
            }
            : throw new CliFailure(
                ExitCode.Usage,
                values.Count == 0 ? "no column is left to store" : $"{values.Count} columns are more than the {PropertiesMax} a row can have",
                string.Join("; ", columns.Where(column => column.Role == ColumnPlan.IsSkipped).Take(FirstShown).Select(column => $"{column.Name}: {column.Note}")),
                "--columns name=property,… names those that are wanted");
    }

    private string[] Headers(ImportFile file)
    {
        var headers = file.Headers.Select(header => header.Trim()).ToArray();
        if (headers.Any(header => header.Contains('\uFFFD', StringComparison.Ordinal)) || !ImportFile.IsText(file.Rows.RawRecord))
        {
            throw new CliFailure(ExitCode.Usage, $"{wishes.File} is not UTF-8", "its header holds other bytes", "iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW, if it comes from a Western European Windows");
        }

        if (headers.Length < 2)
        {
            throw new CliFailure(
                ExitCode.Usage, $"{wishes.File} has one column only, with '{file.Rows.Separator}' between cells", "there is a column of times and one value at least", "--delimiter ';' or --delimiter tab");
        }

        return headers.All(IsValue)
            ? throw new CliFailure(
                ExitCode.Usage, $"the first line of {wishes.File} holds values, and a header is wanted there", "the columns are known by their names", "a first line such as time,temperature,load")
            : headers;
    }

    private static bool IsValue(string header) =>
        double.TryParse(header, NumberStyles.Float, CultureInfo.InvariantCulture, out _) || new TimeForm(TimeForm.Iso, TimeZoneInfo.Utc).TryRead(header, out _, out _);

    private int TimeColumn(string[] headers, List<IReadOnlyList<string>> sample, TimeZoneInfo zone) => wishes.Time is { } name
        ? Named("--time", headers, name)
        : TimeGuess.Column(headers, sample, wishes.TimeFormat, zone) ?? throw new CliFailure(
            ExitCode.Usage, "no column of times was found", $"the columns are {string.Join(", ", headers.Take(30))}", "--time COLUMN, and --time-format where they are written in a way of their own");

    private TimeForm Form(string column, List<(long Line, string Text)> cells, TimeZoneInfo zone)
    {
        if (wishes.TimeFormat is { } named)
        {
            return TimeForm.Of(named, zone);
        }

        var times = cells.ConvertAll(cell => cell.Text);
        var forms = TimeGuess.Forms(times, zone);
        var first = times.Count > 0 ? $"'{times[0]}'" : "nothing";
        return forms.Count switch
        {
            1 => forms[0],
            0 when TimeGuess.Nearest(times, zone) is { } nearest => throw NotAll(column, cells, nearest),
            0 => throw new CliFailure(
                ExitCode.Usage, $"how times are written in {column} is not known; the first is {first}", "it is neither ISO 8601, nor a number since 1970, nor a form that is tried", "--time-format 'dd.MM.yyyy HH:mm:ss'"),
            _ => throw new CliFailure(ExitCode.Usage, $"times in {column} can be read in two ways; the first is {first}", $"{string.Join(" and ", forms.Select(form => form.Name))} both fit", $"--time-format '{forms[0].Name}'"),
        };
    }

    /// <summary>Some of the times can be read and too many cannot: the first of these is said.</summary>
    private static CliFailure NotAll(string column, List<(long Line, string Text)> cells, TimeForm nearest)
    {
        var wrong = cells.FindAll(cell => !nearest.TryRead(cell.Text, out _, out _));
        _ = nearest.TryRead(wrong[0].Text, out _, out var why);
        return new CliFailure(
            ExitCode.Usage, $"line {wrong[0].Line}, {column}: {why}", $"of the first {cells.Count} times, {cells.Count - wrong.Count} are written as {nearest.Name} and {wrong.Count} are not",
            $"--time-format {(nearest.Name.Contains(' ', StringComparison.Ordinal) ? $"'{nearest.Name}'" : nearest.Name)} leaves out the rows that are not; --time COLUMN takes the times from elsewhere");
    }

    private static int Named(string option, string[] headers, string name) => Array.IndexOf(headers, name) is >= 0 and var place
        ? place
        : throw new CliFailure(ExitCode.Usage, $"{option}: there is no column '{name}'", $"the columns are {string.Join(", ", headers.Take(30))}", $"{option} '{headers[0]}'");

    /// <summary>Between commas a number with a comma has thousands more likely than decimals.</summary>
    private static bool HasDecimalComma(List<IReadOnlyList<string>> sample, int time, char delimiter)
    {
        var cells = delimiter == ',' ? [] : sample.SelectMany(row => row.Where((_, i) => i != time)).ToList();
        return cells.Any(cell => CommaNumber().IsMatch(cell)) && !cells.Any(cell => PointNumber().IsMatch(cell));
    }

    private List<ColumnPlan> Columns(string[] headers, List<IReadOnlyList<string>> sample, int time, int? device, bool hasDecimalComma)
    {
        foreach (var (column, property) in wishes.Columns)
        {
            _ = Named("--columns", headers, column);
            if (PropertyOf(property) != property)
            {
                throw new CliFailure(ExitCode.Usage, $"--columns: '{property}' cannot be the name of a property", "it has letters, digits and _ . : -, at most 128 of them", $"--columns '{column}={PropertyOf(property) ?? "value"}'");
            }
        }

        var taken = new Dictionary<string, string>(StringComparer.Ordinal);
        var columns = new List<ColumnPlan>();
        for (var i = 0; i < headers.Length; i++)
        {
            var values = TimeGuess.Values(sample, i);
            IReadOnlyList<string> first = [.. values.Take(FirstShown)];
            columns.Add(i == time ? new ColumnPlan(i, headers[i], null, ColumnKind.None, ColumnPlan.IsTime, first, "")
                : i == device ? new ColumnPlan(i, headers[i], null, ColumnKind.Text, ColumnPlan.IsDevice, first, "")
                : ValueColumn(i, headers[i], values, first, taken, hasDecimalComma));
        }

        return columns;
    }

    private ColumnPlan ValueColumn(int index, string name, IReadOnlyList<string> values, IReadOnlyList<string> first, Dictionary<string, string> taken, bool hasDecimalComma)
    {
        ColumnPlan Skipped(string why) => new(index, name, null, ColumnKind.None, ColumnPlan.IsSkipped, first, why);
        var wish = wishes.Columns.Where(one => one.Column == name).Select(one => one.Property).FirstOrDefault();
        if (wishes.Columns.Count > 0 && wish is null)
        {
            return Skipped("not named by --columns");
        }

        if ((wish ?? PropertyOf(name)) is not { } property)
        {
            return Skipped(name.Length == 0 ? "it has no name" : "its name cannot be a property; give one with --columns");
        }

        if (property == TimeName)
        {
            return Skipped("ts is what the time is called; give it another name with --columns");
        }

        if (!taken.TryAdd(property, name))
        {
            return Skipped($"would be {property}, as {taken[property]} is");
        }

        var note = property == name ? "" : "named anew";
        var kind = KindOf(values, hasDecimalComma);
        return new ColumnPlan(index, name, property, kind, ColumnPlan.IsValue, first, kind == ColumnKind.Undecided ? $"empty in the first {SampleRows} rows; the first value decides" : note);
    }

    private static ColumnKind KindOf(IReadOnlyList<string> values, bool hasDecimalComma)
    {
        var there = values.Select(Encoding.UTF8.GetBytes).Where(cell => !Cells.IsMissing(cell)).ToList();
        return there.Count == 0 ? ColumnKind.Undecided
            : there.Count(cell => Cells.TryNumber(cell, hasDecimalComma, out _)) >= NumberShare * there.Count ? ColumnKind.Number
            : there.TrueForAll(cell => Cells.TryTruth(cell, out _)) ? ColumnKind.Truth
            : ColumnKind.Text;
    }

    /// <summary>A name that can be stored, made of a column's: what cannot stand in it becomes an underscore.</summary>
    private static string? PropertyOf(string name)
    {
        var plain = NotInProperty().Replace(name, "_").Trim('_');
        return plain.Length is > 0 and <= PropertyCharsMax ? name == plain || !ValidProperty().IsMatch(name) ? plain : name : null;
    }

    private static List<string> Notes(TimeForm form, IReadOnlyList<string> times)
    {
        var notes = new List<string>();
        if (form.Name == TimeForm.Iso && ReferenceEquals(form.Zone, TimeZoneInfo.Utc) && times.Any(time => !WithOffset().IsMatch(time)))
        {
            notes.Add("times without an offset are read as UTC; --timezone Europe/Paris says where the clock stood");
        }
        else if (form.Name != TimeForm.Iso && !form.IsNumber && ReferenceEquals(form.Zone, TimeZoneInfo.Utc))
        {
            notes.Add("times are read as UTC; --timezone Europe/Paris says where the clock stood");
        }

        return notes;
    }

    [GeneratedRegex(@"^[+-]?\d+,\d+$")]
    private static partial Regex CommaNumber();

    [GeneratedRegex(@"^[+-]?\d+\.\d+$")]
    private static partial Regex PointNumber();

    [GeneratedRegex(@"[^A-Za-z0-9_.:-]+")]
    private static partial Regex NotInProperty();

    [GeneratedRegex(@"^[A-Za-z0-9_.:-]{1,128}$")]
    private static partial Regex ValidProperty();

    [GeneratedRegex(@"([Zz]|[+-]\d{2}:?\d{2})$")]
    private static partial Regex WithOffset();
}
