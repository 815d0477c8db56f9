using System.Text.Json.Serialization;

namespace Pilotage.Learning.Golden;

/// <summary>The JSON shape of a golden set.</summary>
internal sealed record GoldenFile(
    string? Format, string? Model, double Tolerance, IReadOnlyList<float?[]>? Inputs, IReadOnlyList<float?[]>? Expected);

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(
    // Infinity is a value a model may give; NaN is written as null.
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(GoldenFile))]
internal sealed partial class GoldenJson : JsonSerializerContext;
