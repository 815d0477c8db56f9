using Pilotage.Server.Fabric.Mapping;

namespace Pilotage.Server.Fabric.Unmapped;

/// <summary>What one value of a payload seems to be.</summary>
/// <param name="Field">By its name, with points between names; empty for the payload itself.</param>
/// <param name="Kind">number, whole, truth or text.</param>
internal sealed record FieldGuess(string Field, string Kind, string? Unit, Confidence Confidence, string Why);

/// <summary>What the payloads of a topic seem to be.</summary>
/// <param name="Problem">Why nothing is proposed; null where something is.</param>
internal sealed record TopicGuess(PayloadForm Form, string? TimeField, IReadOnlyList<FieldGuess> Fields, string? Problem)
{
    /// <summary>One plain value.</summary>
    public bool IsSingle => Form is PayloadForm.Number or PayloadForm.Text or PayloadForm.Auto;

    /// <summary>Topics with the same shape can be one rule.</summary>
    public string Shape => IsSingle ? "value" : Form == PayloadForm.SenML ? "senml" : $"object {TimeField} {string.Join(',', Fields.Select(one => one.Field).Order(StringComparer.Ordinal))}";
}
