namespace Pilotage.Server.Fabric.Mapping;

/// <summary>A mapping as it was read: named, versioned, with rules.</summary>
/// <param name="Notes">What is right and may surprise: rules that overlap, and which of them counts.</param>
internal sealed record TopicMapping(string Name, int Version, string? Description, int DevicesMax, IReadOnlyList<MappingRule> Rules, IReadOnlyList<string> Notes)
{
    /// <summary>Whether it speaks for messages to our own gateway too, whose topics are nobody's here.</summary>
    public bool OfGateway { get; init; }

    /// <summary>The format that is read.</summary>
    public const string Format = "pilotage.mapping/1";

    /// <summary>Largest document.</summary>
    public const int BytesMax = 256 * 1024;

    /// <summary>Most rules of one.</summary>
    public const int RulesMax = 100;

    /// <summary>Most properties that a rule lists, as many as one message may hold.</summary>
    public const int PropertiesMax = 1024;

    /// <summary>Devices of one thing type, past which a mapping makes no more, where it does not say another number.</summary>
    public const int DevicesDefault = 1_000;
}
