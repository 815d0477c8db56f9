namespace Pilotage.Load.Series;

/// <summary>A database that is filled in its own best way and asked the same questions.</summary>
internal interface ISeriesPeer : IAsyncDisposable
{
    /// <summary>Fills it, as fast as it goes; that is not measured.</summary>
    Task FillAsync(Signals signals, int seconds);

    /// <summary>Asks, and reads all of the answer; how many rows that were.</summary>
    Task<long> AskAsync(SeriesQuestion question);
}
