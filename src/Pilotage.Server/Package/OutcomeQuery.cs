namespace Pilotage.Server.Package;

/// <summary>Which events an outcome counts: <c>SELECT ts, device, hours FROM stop WHERE NOT planned</c>.</summary>
/// <param name="Event">Name of the event.</param>
/// <param name="Columns">What is read of each: <c>ts</c>, <c>device</c> and fields of its data.</param>
/// <param name="Conditions">Boolean fields that must all hold, each as it is or negated.</param>
public sealed record OutcomeQuery(
    string Text, string Event, IReadOnlyList<string> Columns, IReadOnlyList<OutcomeCondition> Conditions, SourceMark At);

/// <summary>A boolean field that must be true, or false when negated.</summary>
public sealed record OutcomeCondition(string Field, bool Negated);
