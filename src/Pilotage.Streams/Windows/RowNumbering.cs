using System.Globalization;
using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Windows;

/// <summary>ROW_NUMBER: which values, beside the device, rows that are numbered together have in common.</summary>
/// <param name="Keys">These values.</param>
/// <param name="AreTexts">Which of them are texts.</param>
/// <param name="Slot">Where the number goes.</param>
/// <param name="TtlNs">After how long without a row a key is forgotten; 0 is never.</param>
internal sealed record RowNumbering(Scalar[] Keys, bool[] AreTexts, int Slot, long TtlNs)
{
    public string DescribeKeys() => string.Join(", ", Keys.Select(key => key.Describe()));

    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"[{DescribeKeys()}]@{Slot}{(TtlNs == 0 ? "" : $" for {TtlNs}")}");
}
