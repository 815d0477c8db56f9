using Pilotage.Protocols;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>The one place where a value of a format becomes what a series holds.</summary>
internal static class StoredValue
{
    /// <summary>The value as it is stored, or why it cannot be; whether it fits its series shows when that is known.</summary>
    public static bool TryOf(MeasuredValue measured, out SeriesValue value, out string? why)
    {
        value = measured.Kind switch
        {
            MeasuredKind.Number => SeriesValue.Of(measured.Number),
            MeasuredKind.Whole => SeriesValue.OfWhole(measured.Whole),
            MeasuredKind.Truth => SeriesValue.OfTruth(measured.Truth),
            MeasuredKind.Text => SeriesValue.OfText(measured.Text),
            _ => throw new ArgumentOutOfRangeException(nameof(measured), measured.Kind, "no such kind"),
        };
        why = measured.Kind == MeasuredKind.Number && !double.IsFinite(measured.Number) ? "the number is too large" : null;
        return why is null;
    }
}
