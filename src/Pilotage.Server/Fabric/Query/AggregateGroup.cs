using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>The windows of one group, as its devices are added.</summary>
internal sealed class AggregateGroup(string key)
{
    private IReadOnlyList<WindowAggregate> _windows = [];

    public string Key => key;

    public IReadOnlyList<WindowAggregate> Windows => _windows;

    /// <summary>All windows as one.</summary>
    public WindowAggregate Whole => _windows.Aggregate(static (left, right) => left.With(right));

    /// <summary>Adds the windows of one series, in order of time; how many there are more than before.</summary>
    public int Add(IReadOnlyList<WindowAggregate> windows)
    {
        if (_windows.Count == 0)
        {
            _windows = windows;
            return windows.Count;
        }

        var (both, at) = (new List<WindowAggregate>(_windows.Count), 0);
        foreach (var window in windows)
        {
            while (at < _windows.Count && _windows[at].StartNs < window.StartNs)
            {
                both.Add(_windows[at++]);
            }

            both.Add(at < _windows.Count && _windows[at].StartNs == window.StartNs ? _windows[at++].With(window) : window);
        }

        both.AddRange(_windows.Skip(at));
        var more = both.Count - _windows.Count;
        _windows = both;
        return more;
    }
}
