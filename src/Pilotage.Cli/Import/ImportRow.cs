using System.Buffers;
using System.Text;
using System.Text.Json;
using CsvHelper;

namespace Pilotage.Cli.Import;

/// <summary>Turns a row of CSV into a line of our JSON, which says of every value what it is.</summary>
internal sealed class ImportRow(ImportPlan plan, WrongRows wrong) : IDisposable
{
    private const int TextBytesMax = 4 * 1024; // As the store has it.
    private const long NsPerMs = 1_000_000;
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json = new(Stream.Null);
    private readonly JsonEncodedText[] _names = [.. plan.Values.Select(column => JsonEncodedText.Encode(column.Property!))];

    /// <summary>The line; null where the row holds no value or cannot be read, which is said then.</summary>
    /// <param name="csv">Stands on the row.</param>
    /// <param name="kinds">What each column holds for the device of the row.</param>
    public byte[]? Read(CsvReader csv, ColumnKind[] kinds)
    {
        if (!plan.Time.TryRead(TimeText(csv), out var ns, out var why))
        {
            wrong.Row(csv.LineNumber, why!, plan.Columns[plan.TimeColumn].Name);
            return null;
        }

        _line.ResetWrittenCount();
        _json.Reset(_line);
        _json.WriteStartObject();
        WriteTime(ns);
        _json.WriteStartObject("values"u8);
        var values = 0;
        for (var i = 0; i < plan.Values.Count; i++)
        {
            var cell = csv.GetSpan(plan.Values[i].Index);
            if (!cell.IsEmpty && TryWrite(csv.LineNumber, i, cell, ref kinds[i]))
            {
                values++;
            }
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Flush();
        return values == 0 ? null : _line.WrittenSpan.ToArray();
    }

    public void Dispose() => _json.Dispose();

    private string TimeText(CsvReader csv)
    {
        var text = csv.GetString(plan.TimeColumn);
        return plan.HasDecimalComma && plan.Time.IsNumber ? text.Replace(',', '.') : text;
    }

    private void WriteTime(long ns)
    {
        if (ns % NsPerMs == 0)
        {
            _json.WriteNumber("ts"u8, ns / NsPerMs);
            return;
        }

        var at = DateTime.UnixEpoch.AddTicks(ns / TimeSpan.NanosecondsPerTick);
        _json.WriteString("ts"u8, $"{at:yyyy-MM-dd'T'HH:mm:ss.fffffff}{ns % TimeSpan.NanosecondsPerTick:00}Z");
    }

    private bool TryWrite(long line, int place, ReadOnlySpan<byte> cell, ref ColumnKind kind)
    {
        if (kind != ColumnKind.Text && Cells.IsMissing(cell))
        {
            return false;
        }

        kind = kind == ColumnKind.Undecided ? Cells.KindOf(cell, plan.HasDecimalComma) : kind;
        var isTruth = Cells.TryTruth(cell, out var truth);
        var number = truth ? 1.0 : 0;
        var isNumber = isTruth || Cells.TryNumber(cell, plan.HasDecimalComma, out number);
        switch (kind)
        {
            case ColumnKind.Number when isNumber:
            case ColumnKind.Whole when isNumber && number == Math.Truncate(number):
                _json.WriteNumber(_names[place], number);
                return true;
            case ColumnKind.Truth when isTruth || (isNumber && number is 0 or 1):
                _json.WriteBoolean(_names[place], number != 0);
                return true;
            case ColumnKind.Text when cell.Length <= TextBytesMax && ImportFile.IsText(cell):
                _json.WriteString(_names[place], cell);
                return true;
            case ColumnKind.None:
                return false;
            default:
                wrong.Cell(line, plan.Values[place].Name, Why(kind, cell));
                return false;
        }
    }

    private static string Why(ColumnKind kind, ReadOnlySpan<byte> cell)
    {
        var text = Encoding.UTF8.GetString(cell[..Math.Min(cell.Length, 40)]);
        return kind switch
        {
            ColumnKind.Number => $"'{text}' is no number",
            ColumnKind.Whole => $"'{text}' is no whole number, and its series holds whole numbers",
            ColumnKind.Truth => $"'{text}' is neither true nor false",
            _ => cell.Length > TextBytesMax ? $"the text is longer than {TextBytesMax} bytes" : "the text is not UTF-8",
        };
    }
}
