namespace Pilotage.Streams;

/// <summary>What a pipeline must know of a model to bind <c>ML_PREDICT</c>: its inputs and outputs by name, in
/// order.</summary>
public sealed record ModelSchema(string Name, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs)
{
    /// <summary>UCUM units of the inputs, in order; empty or null entries are not checked.</summary>
    public IReadOnlyList<string?> InputUnits { get; init; } = [];

    /// <summary>UCUM units of the outputs, in order; they become the units of the columns.</summary>
    public IReadOnlyList<string?> OutputUnits { get; init; } = [];

    /// <summary>What happens to a row in which an input is NULL; rejected unless stated.</summary>
    public MissingInputs Missing { get; init; } = MissingInputs.Reject;
}

/// <summary>What <c>ML_PREDICT</c> does with a row in which an input is NULL.</summary>
public enum MissingInputs
{
    /// <summary>The model is not asked; its outputs are NULL and the row is counted as rejected.</summary>
    Reject,

    /// <summary>The model is asked and sees NaN: it handles missing values itself.</summary>
    Native,
}
