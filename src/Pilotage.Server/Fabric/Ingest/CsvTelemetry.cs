using System.Globalization;
using CsvHelper;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Turns CSV into rows of one device: a header, a column of times, and a column for each property.</summary>
/// <remarks>
/// RFC 4180 in UTF-8, with commas between the cells and points in the numbers; whoever has another dialect brings it into this one,
/// as <c>pilotage data import</c> does. The first value of a column in a body says what the column holds, because a cell cannot.
/// </remarks>
internal static class CsvTelemetry
{
    // Larger than any row that can be stored whole: a thousand texts of a usual length.
    private const int RecordBytesMax = 1024 * 1024;
    private static readonly string[] TimeNames = ["ts", "time", "timestamp"];
    private static readonly CsvReaderOptions Dialect = new()
    {
        Separator = ',',
        TrackLineNumbers = true,
        TrimWhitespace = true,
        MaxRecordSize = RecordBytesMax,
        MalformedData = CsvMalformedDataHandling.Skip,
        FieldCountMismatch = CsvFieldCountHandling.Skip,
    };

    /// <summary>Reads a body.</summary>
    /// <param name="payload">As it came.</param>
    /// <param name="receivedNs">Times may lie a day ahead of it, and no more.</param>
    /// <param name="faults">Takes what could not be stored, by line and column.</param>
    public static IReadOnlyList<TelemetryRow> Read(ReadOnlyMemory<byte> payload, long receivedNs, ReadingFaults faults)
    {
        var rows = new List<TelemetryRow>();
        using var csv = CsvReader.Create(payload, Dialect with { OnMalformedRecord = bad => faults.Add($"line {bad.LineNumber}", Words(bad.Reason)) });
        try
        {
            csv.ReadHeader();
            if (Columns(csv.Headers, faults) is { } columns)
            {
                while (csv.Read())
                {
                    Take(csv, columns, receivedNs, rows, faults);
                }
            }
        }
        catch (CsvFormatException failure)
        {
            faults.Add($"line {failure.LineNumber}", $"the row is longer than {RecordBytesMax} bytes; is a quotation mark not closed?");
        }

        if (rows.Count == 0 && faults.Count == 0)
        {
            faults.Add("", "there is no row with a value in it");
        }

        return rows;
    }

    /// <summary>Why a row is not read, in words.</summary>
    public static string Words(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.StrayQuote => "a quotation mark stands inside a cell that does not begin with one",
        CsvMalformedReason.TextAfterClosingQuote => "something follows the quotation mark that closes a cell",
        CsvMalformedReason.UnterminatedQuote => "a quotation mark is not closed, so that all that follows belongs to its cell",
        CsvMalformedReason.FieldCountMismatch => "it has another number of cells than the header",
        _ => "it is no row of CSV",
    };

    private static CsvColumn[]? Columns(IReadOnlyList<string> headers, ReadingFaults faults)
    {
        var time = TimeNames.Select(name => Place(headers, name)).FirstOrDefault(place => place >= 0, -1);
        if (time < 0)
        {
            faults.Add("line 1", "there is no column of times; the first line is a header, and one of its columns is called ts, with RFC 3339 text or whole milliseconds in it");
            return null;
        }

        if (headers.Count - 1 > RowGathering.PropertiesMax)
        {
            faults.Add("line 1", $"there are more than {RowGathering.PropertiesMax} columns beside the times");
            return null;
        }

        var columns = new CsvColumn[headers.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = new CsvColumn(headers[i], i == time);
            if (i != time && !TelemetryReader.IsProperty(headers[i]))
            {
                faults.Add("line 1", $"\"{Shown(headers[i])}\" cannot be the name of a property: it has letters, digits and _ . : -, at most 128 of them");
            }
            else if (headers.Take(i).Contains(headers[i], StringComparer.Ordinal))
            {
                faults.Add("line 1", $"there are two columns \"{headers[i]}\"");
            }
        }

        return faults.Count == 0 ? columns : null;
    }

    private static void Take(CsvReader csv, CsvColumn[] columns, long receivedNs, List<TelemetryRow> rows, ReadingFaults faults)
    {
        if (Enumerable.Range(0, columns.Length).All(csv.IsEmpty))
        {
            return;
        }

        var (timeNs, names, values) = (0L, new List<string>(columns.Length), new List<TimeSeries.SeriesValue>(columns.Length));
        for (var i = 0; i < columns.Length; i++)
        {
            var column = columns[i];
            if (column.IsTime)
            {
                if (!TryTime(csv.GetString(i), receivedNs, out timeNs, out var wrong))
                {
                    faults.Add($"line {csv.LineNumber}, {column.Name}", wrong!);
                    return;
                }
            }
            else if (!csv.IsEmpty(i))
            {
                if (!column.TryRead(csv.GetSpan(i), out var value, out var why))
                {
                    faults.Add($"line {csv.LineNumber}, {column.Name}", why!);
                    continue;
                }

                names.Add(column.Name);
                values.Add(value);
            }
        }

        if (names.Count > 0)
        {
            rows.Add(new TelemetryRow(timeNs, Layout(rows, names), [.. values]));
        }
    }

    /// <summary>The names of the row before where they are the same: the store knows a list by its reference.</summary>
    private static string[] Layout(List<TelemetryRow> rows, List<string> names) =>
        rows.Count > 0 && rows[^1].Properties.AsSpan().SequenceEqual([.. names]) ? rows[^1].Properties : [.. names];

    private static bool TryTime(string text, long receivedNs, out long ns, out string? why) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ms)
            ? Timestamps.TryMilliseconds(ms, receivedNs, out ns, out why)
            : Timestamps.TryText(text, receivedNs, out ns, out why);

    private static int Place(IReadOnlyList<string> headers, string name)
    {
        for (var i = 0; i < headers.Count; i++)
        {
            if (headers[i] == name)
            {
                return i;
            }
        }

        return -1;
    }

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
