using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Pilotage.Tests.Server;

/// <summary>What counters of the server came to since it listens.</summary>
internal sealed class CountedMetrics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _sums = new(StringComparer.Ordinal);

    public CountedMetrics(params string[] names)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (names.Contains(instrument.Name))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => _sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        _listener.Start();
    }

    public long Of(string name) => _sums.GetValueOrDefault(name);

    public void Dispose() => _listener.Dispose();
}
