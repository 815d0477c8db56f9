using System.Diagnostics.Metrics;

namespace Pilotage.Server.Fabric.Events;

/// <summary>How many timelines are read at once, and how much for one; counts what became of them.</summary>
internal sealed class TimelineLimits
{
    /// <summary>Points that are read for one; that takes a second or two.</summary>
    public const long PointsMax = 50_000_000;

    /// <summary>Timelines that are read at once: each keeps a core busy.</summary>
    public const int OpenMax = 8;

    private readonly Counter<long> _timelines;
    private int _open;

    public TimelineLimits(IMeterFactory meters)
    {
        _timelines = meters.Create("Pilotage.Server").CreateCounter<long>(
            "pilotage.query.timelines", "{timeline}", "Timelines of devices, by result: done, refused (a parameter, too costly, or too many at once), gone (whoever asked did not wait for the end).");
        foreach (var result in (string[])["done", "refused", "gone"])
        {
            _timelines.Add(0, new KeyValuePair<string, object?>("result", result));
        }
    }

    /// <summary>Lets one in; whoever is let in leaves.</summary>
    public Outcome<Place> Enter()
    {
        if (Interlocked.Increment(ref _open) <= OpenMax)
        {
            return new Place(this);
        }

        Interlocked.Decrement(ref _open);
        return new Refusal("fabric.timeline.too_many", $"{OpenMax} timelines are being read already; ask again in a moment.");
    }

    public void Count(string result) => _timelines.Add(1, new KeyValuePair<string, object?>("result", result));

    /// <summary>One that is being read; its result is counted when it leaves.</summary>
    internal sealed class Place(TimelineLimits limits) : IDisposable
    {
        public string Result { get; set; } = "gone";

        public void Dispose()
        {
            Interlocked.Decrement(ref limits._open);
            limits.Count(Result);
        }
    }
}
