using System.Diagnostics.Metrics;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>Points of series in stretches of device time that follow one another, aligned to 1970.</summary>
internal sealed class RateWindows
{
    /// <summary>Most series; of more of them the rate is not judged, and their points are counted.</summary>
    public const int SeriesMax = 100_000;

    private const long NsPerTick = 100;
    private readonly Dictionary<SeriesKey, Window> _windows = [];
    private readonly Lock _gate = new();
    private readonly Counter<long> _unjudged;

    public RateWindows(IMeterFactory meters)
    {
        _unjudged = meters.Create("Pilotage.Server").CreateCounter<long>(
            "pilotage.contracts.rate.unjudged", "{point}", "Points whose rate was not held against their contract, because so many series have one.");
        _unjudged.Add(0);
    }

    /// <summary>
    /// Takes a point: how many its stretch has, and, with the first of a stretch, how many the one before had, where it was whole;
    /// null elsewhere. A point of an earlier stretch counts nowhere.
    /// </summary>
    /// <param name="key">Its series.</param>
    /// <param name="timeNs">Its time, by the device's clock.</param>
    /// <param name="per">How long a stretch is.</param>
    /// <param name="taking">Takes note of it, so that it can be undone.</param>
    public (int Points, int? Before) Take(SeriesKey key, long timeNs, TimeSpan per, Taking taking)
    {
        var at = Math.DivRem(timeNs, per.Ticks * NsPerTick, out var rest) - (rest < 0 ? 1 : 0);
        lock (_gate)
        {
            if (!_windows.TryGetValue(key, out var window))
            {
                if (_windows.Count >= SeriesMax)
                {
                    _unjudged.Add(1);
                    return (1, null);
                }

                Put(key, null, new Window(at, 1, IsWhole: false), taking);
                return (1, null);
            }

            if (at < window.At)
            {
                return (1, null);
            }

            var isNext = at > window.At;
            Put(key, window, isNext ? new Window(at, 1, IsWhole: true) : window with { Points = window.Points + 1 }, taking);
            return (isNext ? 1 : window.Points + 1, isNext && window.IsWhole ? at == window.At + 1 ? window.Points : 0 : null);
        }
    }

    /// <summary>Takes points back, of a message of which nothing is stored.</summary>
    public void Undo(Taking taking)
    {
        lock (_gate)
        {
            foreach (var (key, before, after) in Enumerable.Reverse(taking.Steps))
            {
                var now = _windows[key];
                if (now == after && before is { } earlier)
                {
                    _windows[key] = earlier;
                }
                else if (now == after)
                {
                    _windows.Remove(key);
                }
                else if (now.At == after.At)
                {
                    // Another message was counted meanwhile.
                    _windows[key] = now with { Points = now.Points - 1 };
                }
            }
        }
    }

    private void Put(SeriesKey key, Window? before, Window after, Taking taking)
    {
        _windows[key] = after;
        taking.Steps.Add((key, before, after));
    }

    /// <summary>The points of one message, as they were counted.</summary>
    internal sealed class Taking
    {
        internal List<(SeriesKey Key, Window? Before, Window After)> Steps { get; } = [];
    }

    /// <summary>A stretch; the first one of a series began before it was watched.</summary>
    internal readonly record struct Window(long At, int Points, bool IsWhole);
}
