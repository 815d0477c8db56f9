using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>The windows of one group, as its devices are added.</summary>
internal sealed class AggregateGroup(string key)
{
    private List<WindowAggregate> _windows = [];

    public string Key => key;

    public IReadOnlyList<WindowAggregate> Windows => _windows;

    /// <summary>All windows as one.</summary>
    public WindowAggregate Whole => _windows.Aggregate(static (left, right) => left.With(right));

    /// <summary>Adds the windows of one series, in order of time.</summary>
    public void Add(IEnumerable<WindowAggregate> windows)
    {
        if (_windows.Count == 0)
        {
            _windows.AddRange(windows);
            return;
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

        both.AddRange(_windows[at..]);
        _windows = both;
    }
}
