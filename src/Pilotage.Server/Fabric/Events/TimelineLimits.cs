using System.Diagnostics.Metrics;

namespace Pilotage.Server.Fabric.Events;

/// <summary>How many timelines are read at once, and how much for one.</summary>
internal sealed class TimelineLimits(IMeterFactory meters) : Turnstile(
    meters,
    TurnstileCounter.OfResults("pilotage.query.timelines", "{timeline}", "Timelines of devices, by result: done, refused (a parameter, too costly, or too many at once), gone (whoever asked did not wait for the end)."),
    OpenMax,
    new("fabric.timeline.too_many", $"{OpenMax} timelines are being read already; ask again in a moment."))
{
    /// <summary>Points that are read for one; that takes a second or two.</summary>
    public const long PointsMax = 50_000_000;

    /// <summary>Timelines that are read at once: each keeps a core busy.</summary>
    public const int OpenMax = 8;
}
