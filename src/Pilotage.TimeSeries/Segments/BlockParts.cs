namespace Pilotage.TimeSeries.Segments;

/// <summary>What of a block is decoded beside its times and the columns asked for.</summary>
[Flags]
internal enum BlockParts
{
    None = 0,

    /// <summary>The order in which rows arrived.</summary>
    Arrivals = 1,

    /// <summary>When edge and server received them.</summary>
    Received = 2,

    All = Arrivals | Received,
}
