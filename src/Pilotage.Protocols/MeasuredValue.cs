namespace Pilotage.Protocols;

/// <summary>What kind of value a format said it is.</summary>
public enum MeasuredKind
{
    /// <summary>A double.</summary>
    Number,

    /// <summary>A whole number of 64 bits.</summary>
    Whole,

    /// <summary>True or false.</summary>
    Truth,

    /// <summary>Text.</summary>
    Text,
}

/// <summary>One value as a format gave it, before anybody decides how it is stored.</summary>
public readonly record struct MeasuredValue
{
    private readonly long _bits;
    private readonly string? _text;

    private MeasuredValue(MeasuredKind kind, long bits, string? text) => (Kind, _bits, _text) = (kind, bits, text);

    /// <summary>Which of the properties below holds it.</summary>
    public MeasuredKind Kind { get; }

    /// <summary>Any double, bit for bit; readers of formats hand on finite ones only.</summary>
    public double Number => BitConverter.Int64BitsToDouble(_bits);

    /// <summary>The whole number.</summary>
    public long Whole => _bits;

    /// <summary>The truth value.</summary>
    public bool Truth => _bits != 0;

    /// <summary>The text; empty for every other kind.</summary>
    public string Text => _text ?? "";

    /// <summary>A number.</summary>
    public static MeasuredValue Of(double number) => new(MeasuredKind.Number, BitConverter.DoubleToInt64Bits(number), null);

    /// <summary>A whole number.</summary>
    public static MeasuredValue Of(long whole) => new(MeasuredKind.Whole, whole, null);

    /// <summary>A truth value.</summary>
    public static MeasuredValue Of(bool truth) => new(MeasuredKind.Truth, truth ? 1 : 0, null);

    /// <summary>A text.</summary>
    public static MeasuredValue Of(string text) => new(MeasuredKind.Text, 0, text);
}
