using System.Globalization;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Events;

/// <summary>A stretch of time of one device.</summary>
/// <param name="FromNs">The first time that counts.</param>
/// <param name="ToNs">The first time that counts no more.</param>
/// <param name="Types">Of events; null for all.</param>
/// <param name="After">Time and position of the last event that was told before.</param>
internal sealed record TimelineQuery(
    Device Device, long FromNs, long ToNs, IReadOnlyList<string> Properties, IReadOnlyList<string>? Types, int PointsMax, int EventsMax, (long TimeNs, long Position)? After)
{
    /// <summary>Whether series are told: pages after the first go on with the events.</summary>
    public bool IsFirstPage => After is null;

    /// <summary>Where events go on after one.</summary>
    public static string CursorOf(long timeNs, long position) => string.Create(CultureInfo.InvariantCulture, $"{timeNs}.{position}");

    public static Outcome<(long TimeNs, long Position)?> ReadCursor(string? given)
    {
        if (given is null)
        {
            return ((long, long)?)null;
        }

        var dot = given.IndexOf('.', StringComparison.Ordinal);
        return dot > 0
            && long.TryParse(given.AsSpan(0, dot), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var timeNs)
            && long.TryParse(given.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? ((long, long)?)(timeNs, position)
            : QueryBounds.BadCursor(given.Length <= 60 ? given : given[..60] + "…");
    }
}
