using Pilotage.Server.Fabric.Mapping;

namespace Pilotage.Server.Fabric.Unmapped;

/// <summary>A rule for topics of one shape that nothing maps.</summary>
/// <param name="Thing">What its devices seem to be by their names; null where those have nothing in common.</param>
/// <param name="Property">Null where each value of a payload has its own name.</param>
/// <param name="Fields">By foreign name.</param>
/// <param name="Topics">That it takes, of those that were seen.</param>
internal sealed record ProposedRule(string Topic, string Device, string? Thing, string? Property, PayloadForm Form, string? TimeField, IReadOnlyList<FieldGuess> Fields, IReadOnlyList<string> Topics);
