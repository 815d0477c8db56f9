using System.Globalization;
using System.Text;

namespace Pilotage.Cli.Import;

/// <summary>What a column holds.</summary>
internal enum ColumnKind
{
    /// <summary>Nothing yet; the first value decides.</summary>
    Undecided,

    Number,
    Whole,
    Truth,
    Text,

    /// <summary>Nothing that a cell could be: its series holds JSON.</summary>
    None,
}

/// <summary>Reads single cells.</summary>
internal static class Cells
{
    private const int NumberCharsMax = 64;
    private static readonly HashSet<string> Missing = new(StringComparer.OrdinalIgnoreCase) { "nan", "na", "n/a", "#n/a", "null", "none", "-" };

    /// <summary>Whether a cell says that there is no value, as the programs do that write tables.</summary>
    public static bool IsMissing(ReadOnlySpan<byte> cell) =>
        cell.IsEmpty || (cell.Length <= 4 && Ascii.IsValid(cell) && Missing.Contains(Encoding.ASCII.GetString(cell)));

    public static bool TryNumber(ReadOnlySpan<byte> cell, bool hasDecimalComma, out double number)
    {
        number = 0;
        if (cell.Length > NumberCharsMax || (hasDecimalComma && cell.Contains((byte)'.')))
        {
            return false;
        }

        Span<byte> plain = stackalloc byte[NumberCharsMax];
        plain = plain[..cell.Length];
        cell.CopyTo(plain);
        if (hasDecimalComma)
        {
            plain.Replace((byte)',', (byte)'.');
        }

        return double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
    }

    public static bool TryTruth(ReadOnlySpan<byte> cell, out bool truth)
    {
        truth = Ascii.EqualsIgnoreCase(cell, "true"u8);
        return truth || Ascii.EqualsIgnoreCase(cell, "false"u8);
    }

    /// <summary>What a cell alone looks like.</summary>
    public static ColumnKind KindOf(ReadOnlySpan<byte> cell, bool hasDecimalComma) =>
        TryNumber(cell, hasDecimalComma, out _) ? ColumnKind.Number : TryTruth(cell, out _) ? ColumnKind.Truth : ColumnKind.Text;
}
