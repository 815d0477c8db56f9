namespace Pilotage.Core.Contracts.Releases;

/// <summary>The kinds of artifact a release may hold. Configuration and rules are artifacts like any other: nothing skips the waves.</summary>
public static class ArtifactKind
{
    /// <summary>An ONNX model.</summary>
    public const string Model = "model";

    /// <summary>The SQL text of a pipeline.</summary>
    public const string Pipeline = "pipeline";

    /// <summary>A WoT thing description: names, units and order of a thing's properties.</summary>
    public const string Thing = "thing";

    /// <summary>Known inputs with expected outputs and a tolerance; named after the model it belongs to.</summary>
    public const string Golden = "golden";

    /// <summary>Every kind this version knows; another one is refused.</summary>
    public static IReadOnlyList<string> All { get; } = [Model, Pipeline, Thing, Golden];
}
