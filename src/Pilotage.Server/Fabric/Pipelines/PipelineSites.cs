using Microsoft.Extensions.Logging;
using Pilotage.Core.Durability;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>What every running pipeline works with.</summary>
internal class PipelineSites(
    TimeSeriesStore store, Ingestion ingestion, EventStore events, IFleet fleet, DataFolder folder, PipelineMeters meters, TimeProvider time, ILogger<PipelineSites> logger)
{
    public TimeSeriesStore Store => store;

    public IFleet Fleet => fleet;

    /// <summary>Where their state is kept.</summary>
    public IDurableDirectory Folder => folder.Pipelines;

    public PipelineMeters Meters => meters;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    /// <summary>Stores what a pipeline put out; it is on disk when this completes. Fails where the disk does.</summary>
    public virtual async Task StoreAsync(PointBatch points, IReadOnlyList<DomainEvent> alerts)
    {
        await ingestion.StoreAsync(points);
        await events.RecordAsync(alerts);
    }
}
