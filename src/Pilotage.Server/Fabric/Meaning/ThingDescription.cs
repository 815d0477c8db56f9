using Pilotage.Core.Units;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>What a thing type is and what its properties mean, out of a W3C thing description or thing model.</summary>
internal sealed record ThingDescription(
    string Name, string Title, string? Description, bool IsModel, IReadOnlyList<string> Types, IReadOnlyDictionary<string, PropertyMeaning> Properties)
{
    /// <summary>What the thing is called all over the world; null where the document does not say.</summary>
    public string? Id { get; init; }

    /// <summary>Its links, in their order.</summary>
    public IReadOnlyList<ThingLink> Links { get; init; } = [];
}

/// <summary>A link of a description (TD 1.1, section 5.3.4.1).</summary>
/// <param name="At">Where it stands, as a JSON pointer.</param>
/// <param name="Rel">What the target is to the thing; empty where the link does not say.</param>
/// <param name="Href">The target.</param>
/// <param name="Anchor">What the link is about in the place of the thing; null for the thing itself.</param>
internal sealed record ThingLink(string At, string Rel, string Href, string? Anchor)
{
    /// <summary>Why it is no link, or does not say what it means; null where it does.</summary>
    public string? Fault { get; init; }

    /// <summary>What is wrong with its target or its anchor; null where nothing is.</summary>
    public string? EndFault { get; init; }
}

/// <summary>One property of a thing type; the series of its devices under that name are measured by it.</summary>
/// <param name="Type">What its values are, in the words of JSON schema; null where the description leaves it open.</param>
/// <param name="Types">Semantic types, as they are written: <c>saref:Temperature</c>.</param>
internal sealed record PropertyMeaning(string Name, string? Type, Unit? Unit, IReadOnlyList<string> Types)
{
    public string? Title { get; init; }

    public string? Description { get; init; }

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    public bool ReadOnly { get; init; }

    public bool WriteOnly { get; init; }

    public bool Observable { get; init; }
}
