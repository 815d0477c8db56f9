using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>The names in the last message of a topic, in their order: the next one's are most likely the same.</summary>
/// <param name="Members">Of the message itself.</param>
/// <param name="Properties">Of its values; the same list serves all rows, and the store knows it by its reference.</param>
/// <param name="Kinds">What each value was: a number, or true or false.</param>
internal sealed record TelemetryLayout(string[] Members, string[] Properties, SeriesKind[] Kinds)
{
    public static TelemetryLayout Empty { get; } = new([], [], []);
}
