namespace Pilotage.Load.Series;

/// <summary>A server that keeps series, in a process of its own: written to by line protocol over HTTP, asked over HTTP.</summary>
internal interface ISeriesServer : IAsyncDisposable
{
    /// <summary>Processor time so far.</summary>
    double CpuSeconds { get; }

    /// <summary>Writes one body of lines; done once it is acknowledged.</summary>
    Task WriteAsync(byte[] lines);

    /// <summary>Has what is in memory written to where it stays, as far as the server lets one ask for it.</summary>
    Task SettleAsync();

    /// <summary>Bytes of its data folder once it has stopped.</summary>
    Task<long> StopAndWeighAsync();

    /// <summary>Each question of the bench, and the bytes of its answer.</summary>
    Task<long> AskAsync(SeriesQuestion question, int seconds);
}

/// <summary>What is asked.</summary>
internal enum SeriesQuestion
{
    /// <summary>The last value of every series.</summary>
    LastOfAll,

    /// <summary>Every point of one series.</summary>
    OneRaw,

    /// <summary>The average of every 5 minutes of one property of all devices.</summary>
    Averages,

    /// <summary>The ten devices with the greatest value of one property.</summary>
    TopTen,
}
