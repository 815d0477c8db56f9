namespace Pilotage.Learning.Cases;

/// <summary>What became of one published case.</summary>
public enum CaseOutcome
{
    /// <summary>Every output is within the tolerance.</summary>
    Passed,

    /// <summary>An output differs, the model failed, or the case cannot be read.</summary>
    Failed,

    /// <summary>The model was refused.</summary>
    NotLoadable,

    /// <summary>The model loads, and nothing beside it says what it should answer.</summary>
    NoCases,
}

/// <summary>One row of a model test.</summary>
/// <param name="Name">The model's file, and the case where it has several, both relative to what was asked.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="WorstError">Largest difference over all outputs; null when nothing was compared. Of golden answers it is relative above 1, as their tolerance is.</param>
/// <param name="Reason">Why it did not pass.</param>
public sealed record CaseResult(string Name, CaseOutcome Outcome, double? WorstError, string? Reason);
