namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>One series of an answer: a value for each time of the grid, null where there is none.</summary>
internal sealed record StepSeries(LabelSet Labels, double?[] Values);
