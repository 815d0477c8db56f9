using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>The store of the series, as the watch over the disk sees it.</summary>
internal sealed class SeriesStorage(TimeSeriesStore store) : IStorage, IHealthCheck
{
    public string Name => "series";

    public string? Failure => store.Failure is { } failure ? $"The store of the series failed: {failure}." : null;

    public bool IsFull => store.IsFull;

    /// <summary>A head that cannot be sealed costs nothing that was acknowledged, but memory fills, and then ingest stops.</summary>
    public string? WhyNot() => store.NotSealed is { } why ? $"points in memory cannot be moved into a segment: {why}" : null;

    public ValueTask ProbeAsync(CancellationToken cancellation) => store.ProbeAsync(cancellation);
}
