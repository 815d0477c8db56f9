using System.Xml;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Query;

/// <summary>Lengths of time as they are asked for over HTTP: an ISO 8601 duration of days and shorter parts.</summary>
internal static class WindowLength
{
    private const int DaysMax = 366;
    private const int CharsShown = 40;

    /// <summary>The length in nanoseconds; null where none is asked for.</summary>
    public static Outcome<long?> Read(string name, string? text)
    {
        if (text is null)
        {
            return (long?)null;
        }

        try
        {
            // Years and months have no length of their own.
            var length = IsCalendar(text) ? TimeSpan.Zero : XmlConvert.ToTimeSpan(text);
            if (length > TimeSpan.Zero && length <= TimeSpan.FromDays(DaysMax))
            {
                return (long?)(length.Ticks * TimeSpan.NanosecondsPerTick);
            }
        }
        catch (Exception bad) when (bad is FormatException or OverflowException)
        {
            // Said below.
        }

        var shown = text.Length <= CharsShown ? text : text[..CharsShown] + "…";
        return QueryBounds.Refused(name, $"is \"{shown}\"; give an ISO 8601 duration of days and shorter parts, up to P{DaysMax}D, for example PT5M");
    }

    private static bool IsCalendar(string text) => text.Split('T')[0].AsSpan().ContainsAny('Y', 'M');
}
