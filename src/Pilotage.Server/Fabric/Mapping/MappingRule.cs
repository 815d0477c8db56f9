using Pilotage.Core.Units;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>How a payload is written.</summary>
internal enum PayloadForm
{
    /// <summary>Found out message by message: SenML, JSON, or one plain value.</summary>
    Auto,

    /// <summary>JSON, whatever its members.</summary>
    Json,

    /// <summary>One number in digits.</summary>
    Number,

    /// <summary>One text.</summary>
    Text,

    /// <summary>SenML in JSON or CBOR (RFC 8428).</summary>
    SenML,
}

/// <summary>How a time is written.</summary>
internal enum TimeForm
{
    /// <summary>RFC 3339, or a number since 1970 in the unit in which it lies between 1980 and 2100.</summary>
    Auto,

    /// <summary>RFC 3339, with an offset.</summary>
    Rfc3339,

    /// <summary>The same without an offset, in UTC.</summary>
    Utc,

    /// <summary>Seconds since 1970, with decimals.</summary>
    S,

    /// <summary>Milliseconds.</summary>
    Ms,

    /// <summary>Microseconds.</summary>
    Us,

    /// <summary>Nanoseconds.</summary>
    Ns,
}

/// <summary>What a value is, and what becomes of it: <c>stored = value * Scale + Offset</c>.</summary>
/// <param name="Unit">What the result is measured in; null where nothing says so.</param>
/// <param name="Kind">What it must be; null for whatever it is.</param>
internal sealed record ValueRule(Unit? Unit, SeriesKind? Kind, double Scale, double Offset)
{
    public static ValueRule Plain { get; } = new(null, null, 1, 0);

    public bool IsScaled => Scale != 1 || Offset != 0;
}

/// <summary>One property by its foreign name.</summary>
/// <param name="Name">What it is called here; null for the foreign name.</param>
internal sealed record PropertyRule(string? Name, ValueRule Value);

/// <summary>Where a payload says when it was.</summary>
internal sealed record TimeRule(FieldPath Field, TimeForm Form);

/// <summary>Topics of one shape, and what their messages become.</summary>
/// <param name="Line">Where it stands in its document, from 1 on.</param>
internal sealed record MappingRule(string Name, long Line, TopicPattern Topic, Template Device)
{
    public string Thing { get; init; } = "";

    /// <summary>Whether a device that is not known is made; else its messages are not stored.</summary>
    public bool Creates { get; init; } = true;

    public PayloadForm Payload { get; init; }

    /// <summary>What the property is called; null where each value of the payload is called by its own name.</summary>
    public Template? Property { get; init; }

    /// <summary>Where the one value stands; null for the payload itself, or its member <c>value</c>.</summary>
    public FieldPath? Value { get; init; }

    /// <summary>By foreign name.</summary>
    public IReadOnlyDictionary<string, PropertyRule> Properties { get; init; } = new Dictionary<string, PropertyRule>();

    /// <summary>Whether values are taken that <see cref="Properties"/> does not list.</summary>
    public bool KeepsOthers { get; init; } = true;

    /// <summary>Of values that <see cref="Properties"/> does not list.</summary>
    public ValueRule Standard { get; init; } = ValueRule.Plain;

    /// <summary>Null where the time of arrival is the only one.</summary>
    public TimeRule? Time { get; init; }

    /// <summary>Whether retained messages are taken as they are delivered anew: old news, stamped with now where there is no time in it.</summary>
    public bool TakesRetained { get; init; }

    /// <summary>Whether a message is one value.</summary>
    public bool IsSingle => Property is { IsOfEachField: false };
}
