using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries.Query;

/// <summary>A stretch of a series: its points, or only what they come to, where that is all that was asked for.</summary>
/// <param name="Run">The points.</param>
/// <param name="Sums">What they come to; null where the points are there.</param>
/// <param name="FirstNs">Of sums the time of the first point.</param>
internal readonly record struct SeriesStretch(ColumnRun Run, ColumnSums? Sums, long FirstNs);
