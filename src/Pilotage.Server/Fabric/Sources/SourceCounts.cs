using Pilotage.Server.Fabric.Mapping;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>What a source has done since the server started.</summary>
internal sealed class SourceCounts
{
    private readonly long[] _fates = new long[Enum.GetValues<MappedFate>().Length];
    private long _taken;
    private long _done;
    private long _lastNs;
    private long _lagNs = -1;

    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Taken, and neither stored nor given up.</summary>
    public long Waiting => Taken - Interlocked.Read(ref _done);

    /// <summary>When the last message came; 0 before the first.</summary>
    public long LastNs => Interlocked.Read(ref _lastNs);

    /// <summary>How much later than its own time the last message that has one was stored; below zero where none has.</summary>
    public long LagNs => Interlocked.Read(ref _lagNs);

    public long Of(MappedFate fate) => Interlocked.Read(ref _fates[(int)fate]);

    public void Take(long receivedNs)
    {
        Interlocked.Increment(ref _taken);
        Interlocked.Exchange(ref _lastNs, receivedNs);
    }

    public void Done(MappedResult? result, long nowNs)
    {
        Interlocked.Increment(ref _done);
        if (result is null)
        {
            return;
        }

        Interlocked.Increment(ref _fates[(int)result.Fate]);
        if (result.TimeNs is { } timeNs)
        {
            Interlocked.Exchange(ref _lagNs, Math.Max(0, nowNs - timeNs));
        }
    }
}
