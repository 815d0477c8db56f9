namespace Pilotage.TimeSeries;

/// <summary>What was mended.</summary>
/// <param name="Found">What could not be read; it is not served any more, as it was not before.</param>
/// <param name="Aside">Names of the damaged files, which stay in the folder.</param>
public sealed record StoreRepair(StoreCheck Found, IReadOnlyList<string> Aside);
