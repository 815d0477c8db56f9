namespace Pilotage.Protocols.SenML;

/// <summary>The value of one field as JSON or CBOR had it.</summary>
internal readonly record struct SenMLToken
{
    private SenMLToken(double? number, decimal? exact, string? text, bool? truth) => (Number, Exact, Text, Truth) = (number, exact, text, truth);

    /// <summary>What is none of the others: null, bytes, something nested.</summary>
    public static SenMLToken Other => default;

    /// <summary>The number as a double.</summary>
    public double? Number { get; }

    /// <summary>The number digit by digit, for times: a double of seconds since 1970 has a quarter of a microsecond.</summary>
    public decimal? Exact { get; }

    public string? Text { get; }

    public bool? Truth { get; }

    public static SenMLToken Of(double number, decimal? exact) => new(number, exact, null, null);

    public static SenMLToken Of(string text) => new(null, null, text, null);

    public static SenMLToken Of(bool truth) => new(null, null, null, truth);
}
