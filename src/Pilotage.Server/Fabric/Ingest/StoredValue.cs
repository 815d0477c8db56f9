using Pilotage.Protocols;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>The one place where a value of a format becomes what a series holds, which is a double.</summary>
internal static class StoredValue
{
    // The first double beyond the whole numbers of 64 bits.
    private const double WholeEnd = 9_223_372_036_854_775_808;

    /// <summary>The value as it is stored, or why it cannot be.</summary>
    public static bool TryOf(MeasuredValue measured, out double value, out string? why)
    {
        value = 0;
        why = null;
        switch (measured.Kind)
        {
            case MeasuredKind.Number:
                value = measured.Number;
                why = double.IsFinite(value) ? null : "the number is too large";
                return why is null;
            case MeasuredKind.Whole:
                value = measured.Whole;
                why = value < WholeEnd && (long)value == measured.Whole ? null : $"{measured.Whole} cannot be kept exactly: a series holds doubles";
                return why is null;
            case MeasuredKind.Truth:
                value = measured.Truth ? 1 : 0;
                return true;
            default:
                why = "text is not stored as a series; send a number, or leave it out";
                return false;
        }
    }
}
