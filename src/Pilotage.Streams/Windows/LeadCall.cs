using System.Globalization;
using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Windows;

/// <summary>One LEAD: the value of a row that comes later.</summary>
/// <param name="Value">What of that row.</param>
/// <param name="Rows">How many rows later.</param>
/// <param name="IsText">Whether it is a text.</param>
/// <param name="Slot">Where it goes.</param>
internal sealed record LeadCall(Scalar Value, int Rows, bool IsText, int Slot)
{
    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"{Value.Describe()} of {Rows}@{Slot}");
}
