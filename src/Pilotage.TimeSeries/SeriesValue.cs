using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Pilotage.TimeSeries;

/// <summary>What a series holds; decided by its first value, and kept.</summary>
public enum SeriesKind : byte
{
    /// <summary>A double, any bit pattern.</summary>
    Number,

    /// <summary>A whole number of 64 bits, with a sign.</summary>
    Whole,

    /// <summary>True or false.</summary>
    Truth,

    /// <summary>Text in Unicode.</summary>
    Text,

    /// <summary>A JSON document, as its text.</summary>
    Json,
}

/// <summary>One value of any kind.</summary>
public readonly record struct SeriesValue
{
    // The least double that is too large for a whole number: 2^63.
    private const double WholeEnd = 9_223_372_036_854_775_808;
    private const int JsonDepthMax = 64;

    internal SeriesValue(SeriesKind kind, long bits, string? text)
    {
        Kind = kind;
        Bits = bits;
        Text = text;
    }

    /// <summary>What it is.</summary>
    public SeriesKind Kind { get; }

    /// <summary>Of text and JSON the characters; null of anything else.</summary>
    public string? Text { get; }

    /// <summary>Of numbers their bits; 0 of text and JSON.</summary>
    internal long Bits { get; }

    /// <summary>Whether it is kept as text.</summary>
    internal bool IsText => Kind >= SeriesKind.Text;

    /// <summary>As a double: whole numbers rounded beyond 2^53, truth as 1 and 0; text is not a number.</summary>
    public double Number => NumberOf(Kind, Bits);

    /// <summary>As a whole number; only of one.</summary>
    public long Whole => Kind == SeriesKind.Whole ? Bits : throw NotOf(SeriesKind.Whole);

    /// <summary>True or false; only of one.</summary>
    public bool IsTrue => Kind == SeriesKind.Truth ? Bits != 0 : throw NotOf(SeriesKind.Truth);

    /// <summary>A double; it comes back bit for bit.</summary>
    public static SeriesValue Of(double value) => new(SeriesKind.Number, BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>A whole number.</summary>
    public static SeriesValue OfWhole(long value) => new(SeriesKind.Whole, value, null);

    /// <summary>True or false.</summary>
    public static SeriesValue OfTruth(bool value) => new(SeriesKind.Truth, value ? 1 : 0, null);

    /// <summary>Text; what cannot be kept is refused where it is appended.</summary>
    public static SeriesValue OfText(string value) => new(SeriesKind.Text, 0, value);

    /// <summary>A JSON document by its text.</summary>
    public static SeriesValue OfJson(string value) => new(SeriesKind.Json, 0, value);

    /// <summary>The same value as another kind, if nothing is lost: 7 as 7.0, true as 1, 1.0 as true; text stays text.</summary>
    public bool TryAs(SeriesKind kind, out SeriesValue value)
    {
        value = this;
        if (kind == Kind)
        {
            return true;
        }

        var number = Number;
        switch (kind)
        {
            case SeriesKind.Number when !IsText && IsExactNumber():
                value = Of(number);
                return true;
            case SeriesKind.Whole when IsWhole():
                value = OfWhole((long)number);
                return true;
            case SeriesKind.Truth when number is 0 or 1:
                value = OfTruth(number != 0);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Adds it to a digest: a number by the eight bytes of its double, a whole one by its own, big-endian; text by its length so, and UTF-8.</summary>
    public void AddTo(IncrementalHash hash)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        var text = IsText ? Encoding.UTF8.GetBytes(Text ?? "") : null;
        var bits = Kind == SeriesKind.Whole ? Bits : text?.Length ?? BitConverter.DoubleToInt64Bits(Number);
        BinaryPrimitives.WriteInt64BigEndian(number, bits);
        hash.AppendData(number);
        hash.AppendData(text ?? []);
    }

    /// <summary>As people read it.</summary>
    public override string ToString() => Kind switch
    {
        SeriesKind.Number => Number.ToString("R", CultureInfo.InvariantCulture),
        SeriesKind.Whole => Bits.ToString(CultureInfo.InvariantCulture),
        SeriesKind.Truth => Bits != 0 ? "true" : "false",
        _ => Text ?? "",
    };

    internal static double NumberOf(SeriesKind kind, long bits) => kind switch
    {
        SeriesKind.Number => BitConverter.Int64BitsToDouble(bits),
        SeriesKind.Whole or SeriesKind.Truth => bits,
        _ => double.NaN,
    };

    /// <summary>Why it cannot be kept at all, of whatever kind its series is; null when it can.</summary>
    internal string? WhyNot(int textBytesMax)
    {
        if (!IsText)
        {
            return null;
        }

        if (Text is null || HasLoneSurrogate(Text))
        {
            return "the text is not Unicode";
        }

        return Encoding.UTF8.GetByteCount(Text) > textBytesMax ? $"the text is longer than {textBytesMax} bytes"
            : Kind == SeriesKind.Json && !IsJson(Text) ? "the text is not JSON"
            : null;
    }

    // Every one but whole numbers beyond 2^53 that no double is; 2^63 would come back as one less.
    private bool IsExactNumber() => Kind != SeriesKind.Whole || (Number < WholeEnd && (long)Number == Bits);

    private bool IsWhole() => Number is >= -WholeEnd and < WholeEnd && Math.Truncate(Number) == Number;

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsJson(string text)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = JsonDepthMax });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private InvalidOperationException NotOf(SeriesKind wanted) => new($"The value is of kind {Kind}, not {wanted}.");
}
