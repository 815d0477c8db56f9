using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Pilotage.Core;

/// <summary>One byte form for one JSON value (RFC 8785), so that a digest or a signature means the value and not its spelling.</summary>
/// <remarks>
/// Keys are sorted by UTF-16 code units, no whitespace, numbers as ECMAScript writes them. One deliberate difference:
/// an integer of up to 64 bits that a double cannot hold exactly is written in full instead of rounded, because times
/// in nanoseconds are such integers.
/// </remarks>
public static class CanonicalJson
{
    private const int DepthMax = 128;

    /// <summary>The canonical bytes of a typed value.</summary>
    public static byte[] Of<T>(T value, JsonTypeInfo<T> type) => Of(JsonSerializer.SerializeToElement(value, type));

    /// <summary>The canonical bytes of a JSON value; throws <see cref="JsonException"/> on a repeated key or a lone surrogate.</summary>
    public static byte[] Of(JsonElement element)
    {
        var text = new StringBuilder();
        Write(text, element, 0);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(text.ToString());
        }
        catch (EncoderFallbackException failure)
        {
            throw new JsonException("A string holds half of a surrogate pair.", failure);
        }
    }

    /// <summary>The canonical bytes of JSON text, or a refusal when it is not JSON.</summary>
    public static Outcome<byte[]> OfText(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax });
            using var document = JsonDocument.ParseValue(ref reader);
            return reader.Read() ? NotJson("more than one value") : Of(document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return NotJson(failure.Message);
        }
    }

    private static Refusal NotJson(string why) => new("json.malformed", $"The bytes are not one JSON value: {why}");

    private static void Write(StringBuilder text, JsonElement element, int depth)
    {
        if (depth > DepthMax)
        {
            throw new JsonException($"Deeper than {DepthMax} levels.");
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(text, element, depth);
                break;
            case JsonValueKind.Array:
                WriteArray(text, element, depth);
                break;
            case JsonValueKind.String:
                WriteString(text, element.GetString()!);
                break;
            case JsonValueKind.Number:
                text.Append(Number(element));
                break;
            case JsonValueKind.True:
                text.Append("true");
                break;
            case JsonValueKind.False:
                text.Append("false");
                break;
            case JsonValueKind.Null:
                text.Append("null");
                break;
            case JsonValueKind.Undefined:
            default:
                throw new JsonException("An undefined value has no JSON form.");
        }
    }

    private static void WriteObject(StringBuilder text, JsonElement element, int depth)
    {
        var members = element.EnumerateObject().ToArray();
        Array.Sort(members, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        text.Append('{');
        for (var i = 0; i < members.Length; i++)
        {
            if (i > 0)
            {
                if (members[i].Name == members[i - 1].Name)
                {
                    throw new JsonException($"The key \"{members[i].Name}\" stands twice in one object.");
                }

                text.Append(',');
            }

            WriteString(text, members[i].Name);
            text.Append(':');
            Write(text, members[i].Value, depth + 1);
        }

        text.Append('}');
    }

    private static void WriteArray(StringBuilder text, JsonElement element, int depth)
    {
        var first = true;
        text.Append('[');
        foreach (var item in element.EnumerateArray())
        {
            if (!first)
            {
                text.Append(',');
            }

            first = false;
            Write(text, item, depth + 1);
        }

        text.Append(']');
    }

    private static void WriteString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            switch (c)
            {
                case '"':
                    text.Append("\\\"");
                    break;
                case '\\':
                    text.Append("\\\\");
                    break;
                case '\b':
                    text.Append("\\b");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\f':
                    text.Append("\\f");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case < ' ':
                    text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }

        text.Append('"');
    }

    private static string Number(JsonElement element)
    {
        if (element.TryGetInt64(out var integer))
        {
            return integer.ToString(CultureInfo.InvariantCulture);
        }

        var value = element.GetDouble();
        return double.IsFinite(value) ? Number(value) : throw new JsonException("A number is too large for JSON.");
    }

    /// <summary>A double as ECMA-262 section 6.1.6.1.20 writes it; <paramref name="value"/> is finite.</summary>
    internal static string Number(double value)
    {
        if (value == 0)
        {
            return "0";
        }

        // The shortest digits that read back to the same double are the same in both worlds; only their layout differs.
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var e = shortest.IndexOf('E', StringComparison.Ordinal);
        var scale = e < 0 ? 0 : int.Parse(shortest.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? shortest : shortest[..e];
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var wholeDigits = dot < 0 ? mantissa.Length : dot;
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var significant = all.TrimStart('0');
        var point = wholeDigits - (all.Length - significant.Length) + scale;
        return (value < 0 ? "-" : "") + Layout(significant.TrimEnd('0'), point);
    }

    private static string Layout(string digits, int point) => point switch
    {
        > 0 and <= 21 when digits.Length <= point => digits + new string('0', point - digits.Length),
        > 0 and <= 21 => digits[..point] + "." + digits[point..],
        > -6 and <= 0 => "0." + new string('0', -point) + digits,
        _ => digits[..1] + (digits.Length > 1 ? "." + digits[1..] : "") + "e" + (point > 0 ? "+" : "-")
            + Math.Abs(point - 1).ToString(CultureInfo.InvariantCulture),
    };
}
