namespace Pilotage.Protocols.SenML;

/// <summary>The fields of a record; the numbers are their labels in CBOR.</summary>
/// <remarks>RFC 8428, section 6, table 4.</remarks>
internal enum SenMLField
{
    BaseSum = -6,
    BaseValue = -5,
    BaseUnit = -4,
    BaseTime = -3,
    BaseName = -2,
    BaseVersion = -1,
    Name = 0,
    Unit = 1,
    Value = 2,
    TextValue = 3,
    TruthValue = 4,
    Sum = 5,
    Time = 6,
    UpdateTime = 7,
    DataValue = 8,
}

/// <summary>Names of fields as JSON has them.</summary>
internal static class SenMLFields
{
    private static readonly Dictionary<string, SenMLField> Known = new(StringComparer.Ordinal)
    {
        ["bs"] = SenMLField.BaseSum,
        ["bv"] = SenMLField.BaseValue,
        ["bu"] = SenMLField.BaseUnit,
        ["bt"] = SenMLField.BaseTime,
        ["bn"] = SenMLField.BaseName,
        ["bver"] = SenMLField.BaseVersion,
        ["n"] = SenMLField.Name,
        ["u"] = SenMLField.Unit,
        ["v"] = SenMLField.Value,
        ["vs"] = SenMLField.TextValue,
        ["vb"] = SenMLField.TruthValue,
        ["s"] = SenMLField.Sum,
        ["t"] = SenMLField.Time,
        ["ut"] = SenMLField.UpdateTime,
        ["vd"] = SenMLField.DataValue,
    };

    private static readonly Dictionary<SenMLField, string> Names = Known.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>The field of a label; nothing for an extension.</summary>
    public static SenMLField? Of(string label) => Known.TryGetValue(label, out var field) ? field : null;

    /// <summary>The label of a field.</summary>
    public static string NameOf(this SenMLField field) => Names[field];

    /// <summary>Whether a label stands for an extension that whoever does not know it must refuse.</summary>
    /// <remarks>RFC 8428, section 4.4.</remarks>
    public static bool MustBeUnderstood(string label) => label.EndsWith('_');
}
