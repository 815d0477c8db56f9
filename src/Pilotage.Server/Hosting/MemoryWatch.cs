using System.Diagnostics.Metrics;

namespace Pilotage.Server.Hosting;

/// <summary>Whether there was memory for what was asked: metrics tell how much there may be and is, readiness that it was not enough a moment ago.</summary>
internal sealed class MemoryWatch : IHealthCheck
{
    /// <summary>For so long readiness tells of it.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromSeconds(30);

    private const long Never = long.MinValue;
    private readonly TimeProvider _time;
    private readonly ServerOptions _options;
    private readonly Counter<long> _refused;
    private long _last = Never;

    public MemoryWatch(ServerOptions options, TimeProvider time, IMeterFactory meters)
    {
        (_options, _time) = (options, time);
        var meter = meters.Create("Pilotage.Server");
        meter.CreateObservableGauge("pilotage.memory.limit", static () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "By", "Most that objects of the process may take.");
        meter.CreateObservableGauge("pilotage.memory.used", static () => GC.GetTotalMemory(forceFullCollection: false), "By", "What objects of the process take, those included that nobody needs any more and that are not collected yet.");
        _refused = meter.CreateCounter<long>("pilotage.memory.refused", "{request}", "Requests that were refused because there was no memory for them.");
        _refused.Add(0);
    }

    public string Name => "memory";

    /// <summary>What an operator can do about it.</summary>
    public string Remedy => _options.MemoryMiB > 0
        ? FormattableString.Invariant($"give the server more than --memory-mib {_options.MemoryMiB}")
        : "give the machine or container more memory";

    /// <summary>Whether it is for want of memory that something failed, ours or the catalogue's.</summary>
    public static bool IsShort(Exception? failure) => failure switch
    {
        null => false,
        OutOfMemoryException or Microsoft.Data.Sqlite.SqliteException { SqliteErrorCode: 7 } => true,
        AggregateException several => several.InnerExceptions.Any(IsShort),
        _ => IsShort(failure.InnerException),
    };

    /// <summary>Takes note that there was no memory for a request.</summary>
    public void Refused()
    {
        _refused.Add(1);
        Interlocked.Exchange(ref _last, _time.GetTimestamp());
    }

    public string? WhyNot() => Interlocked.Read(ref _last) is var last && last != Never && _time.GetElapsedTime(last) < Notice
        ? FormattableString.Invariant($"a request found no memory within the last {Notice.TotalSeconds:0} s; ")
            + FormattableString.Invariant($"{GC.GetTotalMemory(false) / 1e6:0} MB of {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e6:0} MB are in use; ask for less at a time, or {Remedy}")
        : null;
}
