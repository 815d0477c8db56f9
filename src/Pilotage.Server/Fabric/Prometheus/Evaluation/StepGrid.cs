namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>The times at which a query is answered: one, or many with a step between them.</summary>
internal readonly record struct StepGrid(long StartNs, long StepNs, int Count)
{
    public static StepGrid Once(long timeNs) => new(timeNs, 1, 1);

    public long TimeAt(int step) => StartNs + (step * StepNs);
}
