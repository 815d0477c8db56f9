namespace Pilotage.Streams;

/// <summary>A thing type as a table: what a row of one of its devices holds, in the order rows are pushed.</summary>
public sealed record ThingSchema(string Name, IReadOnlyList<ThingProperty> Properties)
{
    /// <summary>The places of its properties that hold text.</summary>
    internal int[] TextSlots => [.. Enumerable.Range(0, Properties.Count).Where(slot => Properties[slot].Type == ThingPropertyType.Text)];
}

/// <summary>One property of a thing type; <paramref name="Unit"/> is a UCUM code, or null where it is not
/// known.</summary>
public sealed record ThingProperty(string Name, string? Unit, ThingPropertyType Type = ThingPropertyType.Number);

/// <summary>What a property holds.</summary>
public enum ThingPropertyType
{
    /// <summary>A floating-point number.</summary>
    Number,

    /// <summary>A whole number, exact up to 2^53.</summary>
    Integer,

    /// <summary>True or false, pushed as 1 or 0.</summary>
    Boolean,

    /// <summary>Text, or a JSON document.</summary>
    Text,
}
