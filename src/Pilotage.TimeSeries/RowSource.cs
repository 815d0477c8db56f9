using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries;

/// <summary>Rows of one shape, in memory or in a block, that a merge opens when it gets there.</summary>
/// <param name="First">The least key in it: time or arrival, as the merge goes.</param>
/// <param name="Last">The greatest one.</param>
/// <param name="Rows">How many there are.</param>
/// <param name="Columns">Where each property asked for stands in the shape; -1 where it has none.</param>
/// <param name="Load">Gives the rows; null when they are damaged.</param>
internal sealed record RowSource(long First, long Last, int Rows, int[] Columns, Func<RowSpan?> Load);
