namespace Pilotage.Load.Series;

/// <summary>What one run of a server came to; what only ours is asked is null for others.</summary>
/// <param name="Grown">How much longer each question of the same size takes with all points than with the first.</param>
/// <param name="ReadySeconds">From the start after a kill until it is ready.</param>
/// <param name="BeforeMs">99 of 100 small writes are answered within.</param>
/// <param name="DeletingMs">The same while 10 M points are deleted.</param>
internal sealed record SeriesFigures(
    double IngestCpu, double BytesPerPoint, IReadOnlyDictionary<SeriesQuestion, (double Milliseconds, double Cpu)> Answers, IReadOnlyDictionary<SeriesQuestion, double>? Grown, double? ReadySeconds, double? BeforeMs, double? DeletingMs);
