using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>Points of series in stretches of device time that follow one another, aligned to 1970.</summary>
internal sealed class RateWindows
{
    /// <summary>Most series; of more of them the rate is not judged.</summary>
    public const int SeriesMax = 100_000;

    private const long NsPerTick = 100;
    private readonly Dictionary<SeriesKey, Window> _windows = [];
    private readonly Lock _gate = new();

    /// <summary>
    /// Takes a point: how many its stretch has, and, with the first of a stretch, how many the one before had, where it was whole;
    /// null elsewhere. A point of an earlier stretch counts nowhere.
    /// </summary>
    public (int Points, int? Before) Take(SeriesKey key, long timeNs, TimeSpan per)
    {
        var at = Math.DivRem(timeNs, per.Ticks * NsPerTick, out var rest) - (rest < 0 ? 1 : 0);
        lock (_gate)
        {
            if (!_windows.TryGetValue(key, out var window))
            {
                if (_windows.Count < SeriesMax)
                {
                    _windows.Add(key, new Window(at, 1, IsWhole: false));
                }

                return (1, null);
            }

            if (at < window.At)
            {
                return (1, null);
            }

            var isNext = at > window.At;
            _windows[key] = isNext ? new Window(at, 1, IsWhole: true) : window with { Points = window.Points + 1 };
            return (isNext ? 1 : window.Points + 1, isNext && window.IsWhole ? at == window.At + 1 ? window.Points : 0 : null);
        }
    }

    /// <summary>A stretch; the first one of a series began before it was watched.</summary>
    private readonly record struct Window(long At, int Points, bool IsWhole);
}
