using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>One column of CSV; its first value decides whether it holds numbers, true and false, or text.</summary>
internal sealed class CsvColumn(string name, bool isTime)
{
    private SeriesKind? _kind;

    public string Name => name;

    public bool IsTime => isTime;

    /// <summary>The value of a cell that is not empty, or why there is none.</summary>
    public bool TryRead(ReadOnlySpan<byte> cell, out SeriesValue value, out string? why)
    {
        value = default;
        why = Read(cell, out var kind, out value);
        if (why is not null)
        {
            return false;
        }

        if ((_kind ?? kind) == kind)
        {
            _kind = kind;
            return true;
        }

        why = $"\"{Shown(cell)}\" is {NameOf(kind)}, and the column began with {NameOf(_kind!.Value)}";
        if (_kind != SeriesKind.Text)
        {
            return false;
        }

        // In a column of text a cell of digits is text as well.
        (value, why) = (SeriesValue.OfText(Encoding.UTF8.GetString(cell)), null);
        return true;
    }

    private static string? Read(ReadOnlySpan<byte> cell, out SeriesKind kind, out SeriesValue value)
    {
        (kind, value) = (SeriesKind.Number, default);
        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            value = SeriesValue.Of(number);
            return double.IsFinite(number) ? null : $"\"{Shown(cell)}\" is no number that can be stored; leave the cell empty";
        }

        if (Ascii.EqualsIgnoreCase(cell, "true"u8) || Ascii.EqualsIgnoreCase(cell, "false"u8))
        {
            kind = SeriesKind.Truth;
            value = SeriesValue.OfTruth(cell.Length == "true".Length);
            return null;
        }

        kind = SeriesKind.Text;
        if (!Utf8.IsValid(cell))
        {
            return "the cell is not UTF-8";
        }

        value = SeriesValue.OfText(Encoding.UTF8.GetString(cell));
        return null;
    }

    private static string NameOf(SeriesKind kind) => kind switch
    {
        SeriesKind.Number => "a number",
        SeriesKind.Truth => "true or false",
        _ => "text",
    };

    private static string Shown(ReadOnlySpan<byte> cell)
    {
        var text = Encoding.UTF8.GetString(cell);
        return text.Length <= 40 ? text : text[..40] + "…";
    }
}
