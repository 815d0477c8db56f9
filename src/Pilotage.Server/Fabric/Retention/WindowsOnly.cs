using System.Globalization;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Retention;

/// <summary>What is said where an answer is made of points, and windows are all that retention left of some of them.</summary>
/// <remarks>Without it, an answer out of less would look like one out of everything.</remarks>
internal static class WindowsOnly
{
    /// <summary>Where it is said beside an answer that has no place for it, as CSV has none.</summary>
    public const string Header = "X-Pilotage-Note";

    /// <summary>What an answer out of points of these series does not tell; null where it tells all that is known.</summary>
    /// <param name="rollUps">What is left.</param>
    /// <param name="keys">The series that are read.</param>
    /// <param name="fromNs">The first time that counts.</param>
    /// <param name="toNs">The first time that counts no more.</param>
    public static string? NoteOf(RollUps rollUps, IEnumerable<SeriesKey> keys, long fromNs, long toNs)
    {
        if (rollUps.IsEmpty)
        {
            return null;
        }

        var (series, untilNs) = (0, long.MinValue);
        foreach (var key in keys)
        {
            if (rollUps.WindowsUntil(key, fromNs, toNs) is { } until)
            {
                (series, untilNs) = (series + 1, Math.Max(untilNs, until));
            }
        }

        return NoteOf(series, untilNs);
    }

    /// <summary>The same, where they were counted. ASCII alone, because it may stand in a header; so nothing is named that people gave a name.</summary>
    public static string? NoteOf(int series, long untilNs) => series == 0
        ? null
        : $"Before {Clock.FromNs(untilNs).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)} windows are all that retention left of {series} series that was asked for, and this answer is made of points alone: "
            + "that part of the time is missing. The windows answer GET /api/v1/series/aggregates, which is pilotage data query.";

    /// <summary>Why a series is not there of which windows are.</summary>
    public static Refusal NotThere(string property) =>
        new("fabric.series.not_found", $"There are no points of \"{property}\" any more: windows are all that retention left. They answer GET /api/v1/series/aggregates: pilotage data query {property}");

    public static void Tell(HttpResponse response, string? note)
    {
        if (note is not null)
        {
            response.Headers[Header] = note;
        }
    }
}
