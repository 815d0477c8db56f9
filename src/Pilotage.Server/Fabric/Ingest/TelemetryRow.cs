using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Values of one device at one time, as a message gave them.</summary>
internal sealed record TelemetryRow(long TimeNs, string[] Properties, SeriesValue[] Values)
{
    public TelemetryRow(long timeNs, string[] properties, double[] values)
        : this(timeNs, properties, Array.ConvertAll(values, SeriesValue.Of))
    {
    }

    /// <summary>Units that values came in, by property and in the words of SenML; null where none says so, and once they are in those of their series.</summary>
    public IReadOnlyDictionary<string, string>? Units { get; init; }
}

/// <summary>What was understood of a message, and what was not.</summary>
/// <param name="Rows">To be stored.</param>
/// <param name="Fault">Why the message, or a part of it, could not be understood; null when all was.</param>
internal sealed record TelemetryReading(IReadOnlyList<TelemetryRow> Rows, string? Fault)
{
    public static TelemetryReading Bad(string why) => new([], why);
}
