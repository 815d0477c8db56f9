using Microsoft.Extensions.Logging;

namespace Pilotage.Broker.Connections;

/// <summary>How the process stands against the memory it may have; looked at by the sweep.</summary>
internal sealed partial class MemoryWatch(BrokerOptions options, ILogger logger)
{
    private readonly long _most = options.MemoryMax > 0 ? options.MemoryMax : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    private volatile MemoryState _state;

    /// <summary>As of the last look.</summary>
    public MemoryState State => _state;

    /// <summary>What the process holds, less what the collector keeps for objects to come.</summary>
    public static long InUse()
    {
        var heap = GC.GetGCMemoryInfo();
        return Environment.WorkingSet - Math.Max(0, heap.TotalCommittedBytes - heap.HeapSizeBytes);
    }

    /// <summary>Looks again.</summary>
    public void Look()
    {
        var inUse = options.MemoryInUse();
        var state = inUse >= _most / 100.0 * options.MemoryHardPercent ? MemoryState.Out
            : inUse >= _most / 100.0 * options.MemorySoftPercent ? MemoryState.Scarce
            : MemoryState.Enough;
        if (state == _state)
        {
            return;
        }

        _state = state;
        Log.Changed(logger, state, inUse, _most);
    }

    private static partial class Log
    {
        [LoggerMessage(2130, LogLevel.Warning, "Memory: {State}, {InUse} of {Most} bytes in use.")]
        public static partial void Changed(ILogger logger, MemoryState state, long inUse, long most);
    }
}

/// <summary>How much memory there is.</summary>
internal enum MemoryState
{
    /// <summary>Enough.</summary>
    Enough,

    /// <summary>No new sessions.</summary>
    Scarce,

    /// <summary>Nor does any queue of a client that is away grow.</summary>
    Out,
}
