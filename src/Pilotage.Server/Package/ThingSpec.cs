namespace Pilotage.Server.Package;

/// <summary>A thing type out of a WoT thing description: what it measures and which events it tells.</summary>
public sealed record ThingSpec(string Name, IReadOnlyList<ThingPropertySpec> Properties, IReadOnlyList<ThingEventSpec> Events, SourceMark At);

/// <summary>One property; the order in the file is the order of values in a row.</summary>
public sealed record ThingPropertySpec(string Name, string Type, string? Unit, string? Title, SourceMark At);

/// <summary>One event and the names of the fields of its data.</summary>
public sealed record ThingEventSpec(string Name, IReadOnlyList<string> Fields, SourceMark At);
