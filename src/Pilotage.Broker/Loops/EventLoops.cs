using Microsoft.Extensions.Logging;

namespace Pilotage.Broker.Loops;

/// <summary>The loops of one broker; each connection stays on one.</summary>
internal sealed class EventLoops : IDisposable
{
    private readonly EventLoop[] _loops;
    private int _next;

    public EventLoops(int count, ILogger logger)
    {
        _loops = new EventLoop[count];
        for (var i = 0; i < count; i++)
        {
            _loops[i] = new($"mqtt loop {i}", logger);
        }
    }

    /// <summary>The one that accepts.</summary>
    public EventLoop First => _loops[0];

    /// <summary>Whether so much waits for a turn that no more should be begun.</summary>
    public bool AreBehind => Array.Exists(_loops, static loop => loop.IsBehind);

    /// <summary>The next in turn; called by the one that accepts.</summary>
    public EventLoop Next() => _loops[_next++ % _loops.Length];

    public void Dispose()
    {
        foreach (var loop in _loops)
        {
            loop.Dispose();
        }
    }
}
