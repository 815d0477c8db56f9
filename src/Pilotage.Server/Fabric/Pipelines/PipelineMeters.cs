using System.Diagnostics.Metrics;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>What running pipelines do, of all of them together; each by itself is told by the API.</summary>
internal sealed class PipelineMeters
{
    public PipelineMeters(IMeterFactory meters)
    {
        var meter = meters.Create("Pilotage.Server");
        Rows = meter.CreateCounter<long>("pilotage.pipelines.rows", "{row}", "Rows that pipelines on the server read.");
        Failures = meter.CreateCounter<long>("pilotage.pipelines.failures", "{row}", "Rows at which a model of a pipeline failed; what comes after the model has not seen them.");
        Rejoins = meter.CreateCounter<long>("pilotage.pipelines.rejoins", "{time}", "Times a pipeline was told too much at once and read from the store what it had missed; each beginning is one too.");
        Checkpoints = meter.CreateCounter<long>("pilotage.pipelines.checkpoints", "{checkpoint}", "Checkpoints of pipelines that were written.");
        Rows.Add(0);
        Failures.Add(0);
        Rejoins.Add(0);
        Checkpoints.Add(0);
        Meter = meter;
    }

    public Meter Meter { get; }

    public Counter<long> Rows { get; }

    public Counter<long> Failures { get; }

    public Counter<long> Rejoins { get; }

    public Counter<long> Checkpoints { get; }
}
