namespace Pilotage.Server.Package;

/// <summary>A model to be trained: <c>model.yaml</c>, or one file of <c>models/</c>.</summary>
/// <param name="Inputs">In the order the model takes them.</param>
/// <param name="Outputs">In the order the model gives them.</param>
/// <param name="Label">What is learned; null for a recipe that needs none.</param>
/// <param name="Must">Limits the evaluation has to keep before the model can be registered.</param>
public sealed record ModelSpec(
    string Name,
    RecipeSpec Recipe,
    IReadOnlyList<QuantitySpec> Inputs,
    IReadOnlyList<QuantitySpec> Outputs,
    LabelSpec? Label,
    SplitSpec Split,
    IReadOnlyList<MustSpec> Must,
    GoldenSpec Golden,
    MissingValues Missing,
    RetrainSpec? Retrain,
    SourceMark At);

/// <summary>A named quantity with its UCUM unit.</summary>
public sealed record QuantitySpec(string Name, string Unit, SourceMark At);

/// <summary>How it is trained.</summary>
/// <param name="Kind"><c>gbt_regression</c> or <c>regime_normaliser</c>.</param>
/// <param name="Numbers">Settings of the recipe by name, only those that were given; see <see cref="KnownWords.RecipeNumbers"/>.</param>
/// <param name="Settings">For <c>regime_normaliser</c>: the inputs that say which regime it is; empty elsewhere.</param>
public sealed record RecipeSpec(string Kind, IReadOnlyDictionary<string, double> Numbers, IReadOnlyList<string> Settings, SourceMark At)
{
    /// <summary>A setting, or what the caller uses when the package says nothing.</summary>
    public double Number(string name, double otherwise) => Numbers.TryGetValue(name, out var value) ? value : otherwise;
}

/// <summary>Where labels come from: stops (time to the next one) or verdicts.</summary>
public sealed record LabelSpec(string From, string? Cause, TimeSpan? Horizon, SourceMark At);

/// <summary>How rows are kept apart for evaluation.</summary>
/// <param name="By"><c>device</c>: no device is on both sides.</param>
/// <param name="Order"><c>name</c> or <c>time</c>: which devices come first.</param>
/// <param name="Fit">Share of the devices to fit on.</param>
public sealed record SplitSpec(string By, string Order, double Fit);

/// <summary>A limit on a metric of the evaluation.</summary>
public sealed record MustSpec(string Metric, string Comparison, double Limit, SourceMark At)
{
    /// <summary>Whether a measured value keeps the limit.</summary>
    public bool Holds(double value) => Comparison == "<=" ? value <= Limit : value >= Limit;
}

/// <summary>How many known answers go with the model, and how close they must be met.</summary>
public sealed record GoldenSpec(int Rows, double Tolerance);

/// <summary>When to train again, and whether a person is asked before it is used.</summary>
public sealed record RetrainSpec(IReadOnlyList<string> When, string Promote);

/// <summary>What happens to a row with a missing input.</summary>
public enum MissingValues
{
    /// <summary>No inference for that row.</summary>
    Reject,

    /// <summary>The last value seen stands in.</summary>
    Impute,

    /// <summary>The model was trained with missing values and takes them as they are.</summary>
    Native,
}
