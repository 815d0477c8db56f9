using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Pilotage.Broker.Loops;

/// <summary>Something an event loop serves; everything it is told, it is told on the loop's thread.</summary>
internal abstract class LoopItem
{
    private int _requests;

    /// <summary>Where it stands among the loop's items; set by the loop.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Whether it waits for its turn; set by the loop.</summary>
    public bool AwaitsTurn { get; set; }

    /// <summary>The descriptor has become ready in that way.</summary>
    public abstract void OnEvents(uint events);

    /// <summary>What was asked of it, from any thread; each request once, however often it was made.</summary>
    public abstract void OnRequests(LoopRequests requests);

    /// <summary>Its turn has come, after <see cref="EventLoop.Later"/>.</summary>
    public abstract void OnTurn();

    /// <summary>It has just thrown: what it holds is to be given up. Must not throw.</summary>
    public abstract void OnFault();

    /// <summary>Adds a request; true when the item has to be queued for it.</summary>
    public bool Ask(LoopRequests request) => Interlocked.Or(ref _requests, (int)request) == 0;

    /// <summary>Takes all requests.</summary>
    public LoopRequests Take() => (LoopRequests)Interlocked.Exchange(ref _requests, 0);
}

/// <summary>What can be asked of an item.</summary>
[Flags]
internal enum LoopRequests
{
    None = 0,

    /// <summary>Begin.</summary>
    Open = 1,

    /// <summary>See whether a read can be answered.</summary>
    Read = 2,

    /// <summary>Send what waits.</summary>
    Send = 4,

    /// <summary>Cut the connection.</summary>
    Abort = 8,

    /// <summary>Give the descriptor back.</summary>
    Close = 16,

    /// <summary>The handshake has had its time.</summary>
    GiveUp = 32,
}

/// <summary>
/// One thread that waits for many descriptors and serves them in turn: first all that is readable, then everything that
/// came of it is sent, one call for each connection.
/// </summary>
/// <remarks>Whatever runs on it must not wait: all its connections would.</remarks>
internal sealed partial class EventLoop : IDisposable
{
    private const int EventsMax = 512;
    private const int TurnsPerRound = 4;
    private const int TurnsAwaitedMax = 64;
    private const ulong SignalData = ulong.MaxValue;

    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly int _epoll;
    private readonly int _signal;
    private readonly Lock _posting = new();
    private readonly List<LoopItem?> _slots = [];
    private readonly Stack<int> _free = new();
    private readonly Queue<LoopItem> _later = new();
    private List<LoopItem> _posted = [];
    private List<LoopItem> _taken = [];
    private List<LoopItem> _local = [];
    private List<LoopItem> _serving = [];
    private ulong _generation;
    private ulong[] _generations = [];
    private bool _signalled;
    private bool _ended;
    private volatile bool _ends;
    private volatile int _awaited;

    public EventLoop(string name, ILogger logger)
    {
        _logger = logger;
        _epoll = SocketCalls.NewEpoll();
        _signal = SocketCalls.NewEvent();
        SocketCalls.Watch(_epoll, _signal, SocketCalls.In, SignalData);
        _thread = new(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>Where bytes are received; an item that keeps them past its turn says so with <see cref="GiveAway"/>.</summary>
    public byte[] Buffer { get; private set; } = NewBuffer();

    /// <summary>Whether many wait for a turn. From any thread.</summary>
    public bool IsBehind => _awaited > TurnsAwaitedMax;

    /// <summary>Whether the caller is the loop.</summary>
    public bool IsCurrent => Thread.CurrentThread == _thread;

    /// <summary>Has the item served on the loop, soon. From any thread.</summary>
    public void Request(LoopItem item, LoopRequests request)
    {
        if (!item.Ask(request))
        {
            return;
        }

        if (IsCurrent)
        {
            _local.Add(item);
            return;
        }

        lock (_posting)
        {
            if (_ended)
            {
                return;
            }

            _posted.Add(item);
            if (!_signalled)
            {
                _signalled = true;
                SocketCalls.Signal(_signal);
            }
        }
    }

    /// <summary>On the loop: watches the item's descriptor.</summary>
    public void Watch(LoopItem item, int descriptor, uint events)
    {
        Debug.Assert(IsCurrent, "Slots belong to the loop.");
        if (!_free.TryPop(out var slot))
        {
            slot = _slots.Count;
            _slots.Add(null);
            if (slot == _generations.Length)
            {
                Array.Resize(ref _generations, Math.Max(16, 2 * slot));
            }
        }

        // A descriptor is used again at once; what was reported of the one before must not reach the new one.
        _generations[slot] = ++_generation & uint.MaxValue;
        _slots[slot] = item;
        item.Slot = slot;
        SocketCalls.Watch(_epoll, descriptor, events, (_generations[slot] << 32) | (uint)slot);
    }

    /// <summary>On the loop: tells the item nothing more. Its descriptor is to be closed next.</summary>
    public void Forget(LoopItem item)
    {
        Debug.Assert(IsCurrent, "Slots belong to the loop.");
        if (item.Slot >= 0)
        {
            _slots[item.Slot] = null;
            _generations[item.Slot] = ulong.MaxValue;
            _free.Push(item.Slot);
            item.Slot = -1;
        }
    }

    /// <summary>On the loop: the buffer stays with whoever reads from it, and the loop takes another.</summary>
    public void GiveAway() => Buffer = NewBuffer();

    /// <summary>
    /// On the loop: gives the item a turn of its own. Only a few turns are given between two looks at the descriptors, so
    /// that a storm of costly work, such as handshakes, does not hold up the rest.
    /// </summary>
    public void Later(LoopItem item)
    {
        if (!item.AwaitsTurn)
        {
            item.AwaitsTurn = true;
            _later.Enqueue(item);
            _awaited = _later.Count;
        }
    }

    /// <summary>Ends the thread after what it does now; items must have been closed before.</summary>
    public void Dispose()
    {
        _ends = true;
        SocketCalls.Signal(_signal);
        _thread.Join();
        lock (_posting)
        {
            // From here on the descriptors may belong to somebody else.
            _ended = true;
            _ = SocketCalls.Close(_epoll);
            _ = SocketCalls.Close(_signal);
        }
    }

    private static byte[] NewBuffer() => GC.AllocateUninitializedArray<byte>(64 * 1024, pinned: true);

    private void Run()
    {
        ShortTurns.Ask();

        // Connections have no context of a caller's that would have to be carried along with every packet.
        using var unflowed = ExecutionContext.SuppressFlow();
        var events = GC.AllocateUninitializedArray<byte>(EventsMax * SocketCalls.EventBytes, pinned: true);
        while (!_ends)
        {
            var count = SocketCalls.Wait(_epoll, events, _local.Count + _later.Count > 0 ? 0 : Timeout.Infinite);
            for (var i = 0; i < count; i++)
            {
                var (what, data) = SocketCalls.Event(events, i);
                if (data == SignalData)
                {
                    TakePosted();
                }
                else
                {
                    Serve((int)(uint)data, data >> 32, what);
                }
            }

            ServeRequests();
            ServeTurns();
        }

        // Descriptors that were about to be closed, and those whom nobody serves yet.
        TakePosted();
        ServeRequests();
        for (var slot = 0; slot < _slots.Count; slot++)
        {
            _slots[slot]?.OnRequests(LoopRequests.Close);
        }
    }

    private void ServeTurns()
    {
        for (var i = 0; i < TurnsPerRound && _later.TryDequeue(out var item); i++)
        {
            item.AwaitsTurn = false;
            _awaited = _later.Count;
            try
            {
                item.OnTurn();
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                Log.Faulted(_logger, fault);
                item.OnFault();
            }
        }
    }

    /// <summary>Not more than there are: what these ask for is served after the next look at the descriptors.</summary>
    private void ServeRequests()
    {
        (_serving, _local) = (_local, _serving);
        foreach (var item in _serving)
        {
            Serve(item);
        }

        _serving.Clear();
    }

    private void TakePosted()
    {
        SocketCalls.TakeSignal(_signal);
        lock (_posting)
        {
            _signalled = false;
            (_posted, _taken) = (_taken, _posted);
        }

        _local.AddRange(_taken);
        _taken.Clear();
    }

    private void Serve(int slot, ulong generation, uint events)
    {
        if (_generations[slot] != generation || _slots[slot] is not { } item)
        {
            return;
        }

        try
        {
            item.OnEvents(events);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Our own bug must cost one connection, not all of them.
            Log.Faulted(_logger, fault);
            item.OnFault();
        }
    }

    private void Serve(LoopItem item)
    {
        try
        {
            item.OnRequests(item.Take());
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Log.Faulted(_logger, fault);
            item.OnFault();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2120, LogLevel.Error, "An event loop met a fault; the connection it served is cut.")]
        public static partial void Faulted(ILogger logger, Exception fault);
    }
}
