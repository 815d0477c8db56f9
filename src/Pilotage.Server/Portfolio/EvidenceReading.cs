namespace Pilotage.Server.Portfolio;

/// <summary>What is known about one piece of evidence right now; neither fact nor figure means no data yet.</summary>
/// <param name="Why">How it came to this value, or what is missing, in one sentence.</param>
/// <param name="From">What it was read from: a digest, a node of the lineage, a route.</param>
public sealed record EvidenceReading(string Why, string From)
{
    public bool? Fact { get; init; }

    public double? Figure { get; init; }

    public static EvidenceReading Of(bool fact, string why, string from) => new(why, from) { Fact = fact };

    public static EvidenceReading Of(double figure, string why, string from) => new(why, from) { Figure = figure };

    public static EvidenceReading Absent(string why, string from) => new(why, from);
}

/// <summary>One line of a gate's checklist.</summary>
/// <param name="Value">Null when there is no data yet.</param>
public sealed record EvidenceItem(string Stage, string Name, string? Value, string Needed, bool Met, string Why, string From);
