using System.Globalization;
using System.Text.Json;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>Turns a value of a foreign payload into one that is stored.</summary>
internal static class ValueReader
{
    private const NumberStyles Digits = NumberStyles.Float;

    // What a machine says that has no number; a series that began with one of them would hold text for good.
    private static readonly string[] NotNumbers = ["nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "null", "none", "n/a", "na", "unknown", "unavailable"];
    private static readonly string[] Trues = ["true", "on", "yes", "1"];
    private static readonly string[] Falses = ["false", "off", "no", "0"];

    /// <summary>A JSON value. With neither value nor reason there is none, which is no fault.</summary>
    public static bool TryRead(JsonElement element, ValueRule rule, out SeriesValue value, out string? why)
    {
        value = default;
        why = null;
        switch (element.ValueKind)
        {
            case JsonValueKind.Null:
                return false;
            case JsonValueKind.Number:
                return TryNumber(element, rule, out value, out why);
            case JsonValueKind.True or JsonValueKind.False:
                return TryTruth(element.ValueKind == JsonValueKind.True, rule, out value, out why);
            case JsonValueKind.String:
                return TryText(element.GetString()!, rule, isPlain: false, out value, out why);
            default:
                why = "a list is not stored as a series";
                return false;
        }
    }

    /// <summary>A plain text that is the whole payload: a number, or a word for true and false, unless it is said to be text.</summary>
    public static bool TryPlain(string text, ValueRule rule, out SeriesValue value, out string? why) => TryText(text, rule, isPlain: true, out value, out why);

    /// <summary>A value that was read already, held to the rule.</summary>
    public static bool TryHold(SeriesValue read, ValueRule rule, out SeriesValue value, out string? why)
    {
        why = null;
        value = read;
        if (read.Kind is SeriesKind.Number or SeriesKind.Whole && rule.IsScaled)
        {
            return TryScale(read.Number, rule, out value, out why);
        }

        why = rule.Kind is not { } kind || read.TryAs(kind, out value) ? null : $"is not {WordOf(kind)}";
        return why is null;
    }

    private static bool TryNumber(JsonElement element, ValueRule rule, out SeriesValue value, out string? why)
    {
        why = null;
        value = default;
        switch (rule.Kind)
        {
            case SeriesKind.Text:
                value = SeriesValue.OfText(element.GetRawText());
                return true;
            case SeriesKind.Whole when element.TryGetInt64(out var whole):
                value = SeriesValue.OfWhole(whole);
                return true;
            case SeriesKind.Whole:
                why = $"{element.GetRawText()} is no whole number of 64 bits";
                return false;
            case SeriesKind.Truth when element.TryGetInt64(out var bit) && bit is 0 or 1:
                value = SeriesValue.OfTruth(bit == 1);
                return true;
            case SeriesKind.Truth:
                why = $"{element.GetRawText()} is neither true nor false";
                return false;
            default:
                return TryScale(element.GetDouble(), rule, out value, out why);
        }
    }

    private static bool TryTruth(bool truth, ValueRule rule, out SeriesValue value, out string? why)
    {
        value = rule.Kind == SeriesKind.Text ? SeriesValue.OfText(truth ? "true" : "false") : SeriesValue.OfTruth(truth);
        why = rule.Kind is SeriesKind.Number or SeriesKind.Whole || rule.IsScaled ? "true and false are no numbers; say type: truth" : null;
        return why is null;
    }

    private static bool TryText(string text, ValueRule rule, bool isPlain, out SeriesValue value, out string? why)
    {
        value = default;
        why = null;
        var word = text.Trim();
        switch (rule.Kind)
        {
            case SeriesKind.Text:
                value = SeriesValue.OfText(text);
                return true;
            case SeriesKind.Truth:
                return TryWord(word, out value, out why);
            case SeriesKind.Whole when long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole):
                value = SeriesValue.OfWhole(whole);
                return true;
            case SeriesKind.Whole:
                why = $"\"{Shown(word)}\" is no whole number of 64 bits";
                return false;
        }

        if (Array.Exists(NotNumbers, other => other.Equals(word, StringComparison.OrdinalIgnoreCase)))
        {
            why = $"\"{Shown(word)}\" is no number; leave the value out where there is none";
            return false;
        }

        var isNumber = double.TryParse(word, Digits, CultureInfo.InvariantCulture, out var number);
        if (isNumber && (isPlain || rule.Kind == SeriesKind.Number || rule.IsScaled))
        {
            return TryScale(number, rule, out value, out why);
        }

        if (rule.Kind == SeriesKind.Number || rule.IsScaled)
        {
            why = $"\"{Shown(word)}\" is no number";
            return false;
        }

        if (isPlain)
        {
            return TryWord(word, out value, out _) || Say($"\"{Shown(word)}\" is neither a number nor true or false; to keep it as text say type: text", out why);
        }

        value = SeriesValue.OfText(text);
        return true;
    }

    private static bool TryWord(string word, out SeriesValue value, out string? why)
    {
        var isTrue = Array.Exists(Trues, other => other.Equals(word, StringComparison.OrdinalIgnoreCase));
        var isTruth = isTrue || Array.Exists(Falses, other => other.Equals(word, StringComparison.OrdinalIgnoreCase));
        value = SeriesValue.OfTruth(isTrue);
        why = isTruth ? null : $"\"{Shown(word)}\" is neither true nor false";
        return isTruth;
    }

    private static bool TryScale(double number, ValueRule rule, out SeriesValue value, out string? why)
    {
        var scaled = rule.IsScaled ? (number * rule.Scale) + rule.Offset : number;
        value = SeriesValue.Of(scaled);
        why = double.IsFinite(scaled) ? null : "the number is too large";
        return why is null;
    }

    private static bool Say(string says, out string? why)
    {
        why = says;
        return false;
    }

    private static string WordOf(SeriesKind kind) => kind switch
    {
        SeriesKind.Number => "a number",
        SeriesKind.Whole => "a whole number",
        SeriesKind.Truth => "true or false",
        _ => "text",
    };

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
