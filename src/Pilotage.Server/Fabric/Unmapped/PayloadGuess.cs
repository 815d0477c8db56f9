using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Unmapped;

/// <summary>Finds out what payloads seem to be: form, time, kinds and units.</summary>
internal static class PayloadGuess
{
    private const int DepthMax = 32;
    private const int FieldsMax = 200;
    private const int NameCharsMax = 100;
    private static readonly string[] TimeNames = ["ts", "time", "timestamp", "datetime", "date", "at", "t", "epoch", "when", "created", "zeit", "utc"];
    private static readonly string[] CountWords = ["count", "counter", "cycles", "starts", "pieces", "total", "seq", "sequence"];

    /// <summary>The guess of a topic by the samples of it.</summary>
    public static TopicGuess Of(UnmappedTopic topic)
    {
        var whole = topic.Samples.Where(sample => !sample.IsCut && sample.Bytes > 0).ToList();
        if (whole.Count == 0)
        {
            return Nothing(topic.Samples.Count == 0 || topic.Samples.All(sample => sample.Bytes == 0) ? "its messages are empty" : $"its messages are longer than the {UnmappedBook.SampleBytesMax} bytes that are kept");
        }

        if (whole.Exists(sample => TelemetryForms.IsSenML(sample.Payload.Span, out _)))
        {
            return new TopicGuess(PayloadForm.SenML, null, [], null);
        }

        var name = topic.Topic[(topic.Topic.LastIndexOf('/') + 1)..];
        var fields = new Dictionary<string, List<object>>(StringComparer.Ordinal);
        var (objects, values) = (0, new List<object>());
        foreach (var sample in whole)
        {
            if (!Utf8.IsValid(sample.Payload.Span))
            {
                return Nothing("its messages are bytes, and neither JSON nor text");
            }

            objects += Look(sample, fields, values) ? 1 : 0;
        }

        return objects == 0 ? Single(name, values)
            : objects < whole.Count ? Nothing("some of its messages are JSON objects, and some are not")
            : Object(fields, topic.LastNs);
    }

    /// <summary>Whether a sample is an object, or a list of them; else it is a value.</summary>
    private static bool Look(UnmappedSample sample, Dictionary<string, List<object>> fields, List<object> values)
    {
        try
        {
            using var document = JsonDocument.Parse(sample.Payload, JsonFault.Strict(DepthMax));
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0)
            {
                root = root[0];
            }

            if (root.ValueKind == JsonValueKind.Object)
            {
                Walk(root, "", fields);
                return true;
            }

            values.Add(ValueOf(root) ?? "");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            values.Add(ValueReader.TryPlain(Encoding.UTF8.GetString(sample.Payload.Span), ValueRule.Plain, out var value, out _) ? Plain(value) : Encoding.UTF8.GetString(sample.Payload.Span));
        }

        return false;
    }

    private static void Walk(JsonElement at, string prefix, Dictionary<string, List<object>> fields)
    {
        foreach (var member in at.EnumerateObject())
        {
            if (member.Name.Length is 0 or > NameCharsMax || member.Name.AsSpan().ContainsAny('.', '/'))
            {
                // No mapping can list it by that name; it is stored all the same, as others are.
                continue;
            }

            var name = prefix.Length == 0 ? member.Name : $"{prefix}.{member.Name}";
            if (member.Value.ValueKind == JsonValueKind.Object)
            {
                Walk(member.Value, name, fields);
            }
            else if (ValueOf(member.Value) is { } value && (fields.ContainsKey(name) || fields.Count < FieldsMax))
            {
                (fields.TryGetValue(name, out var seen) ? seen : fields[name] = []).Add(value);
            }
        }
    }

    private static object? ValueOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.True or JsonValueKind.False => element.GetBoolean(),
        JsonValueKind.String => element.GetString(),
        _ => null,
    };

    private static object Plain(SeriesValue value) => value.Kind switch { SeriesKind.Truth => value.IsTrue, SeriesKind.Text => value.Text!, _ => value.Number };

    private static TopicGuess Single(string name, List<object> values)
    {
        var field = FieldOf("", name, values);
        return new TopicGuess(field.Kind == "text" ? PayloadForm.Text : field.Kind == "truth" ? PayloadForm.Auto : PayloadForm.Number, null, [field], null);
    }

    private static TopicGuess Object(Dictionary<string, List<object>> fields, long nowNs)
    {
        if (fields.Count == 0)
        {
            return Nothing("there is no value in its messages");
        }

        var time = fields.Keys.Where(name => IsTime(name, fields[name], nowNs)).OrderBy(Rank).ThenBy(name => name, StringComparer.Ordinal).FirstOrDefault();
        var guesses = fields.Where(pair => pair.Key != time).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => FieldOf(pair.Key, pair.Key, pair.Value)).ToList();
        return guesses.Count == 0 ? Nothing("there is nothing but a time in its messages") : new TopicGuess(PayloadForm.Json, time, guesses, null);
    }

    /// <summary>Better names for a time first, then those that are none.</summary>
    private static int Rank(string name) => Array.IndexOf(TimeNames, Last(name)) is >= 0 and var at ? at : TimeNames.Length;

    /// <summary>A time by its name, or a text that is one whatever it is called.</summary>
    private static bool IsTime(string name, List<object> values, long nowNs) =>
        (TimeNames.Contains(Last(name)) || values.TrueForAll(value => value is string))
        && values.TrueForAll(value => value is string or double and > 0 and < 1e20)
        && values.TrueForAll(value => MappedTime.TryRead(JsonSerializer.SerializeToElement(value), TimeForm.Auto, nowNs, out _, out _));

    private static FieldGuess FieldOf(string field, string name, List<object> values)
    {
        if (values.TrueForAll(value => value is bool))
        {
            return new FieldGuess(field, "truth", null, Confidence.High, "every value is true or false");
        }

        if (!values.TrueForAll(value => value is double))
        {
            return values.Exists(value => value is double)
                ? new FieldGuess(field, "text", null, Confidence.Low, "some values are numbers, and some are not")
                : new FieldGuess(field, "text", null, Confidence.Medium, "every value is text");
        }

        var numbers = values.ConvertAll(value => (double)value);
        var (least, most) = (numbers.Min(), numbers.Max());
        if (UnitHints.Of(name, least, most) is { } hint)
        {
            return new FieldGuess(field, "number", hint.Unit, hint.Confidence, hint.Why);
        }

        var isCount = Array.Exists(CountWords, word => Last(name).Contains(word, StringComparison.Ordinal)) && numbers.TrueForAll(number => number == Math.Floor(number));
        return isCount
            ? new FieldGuess(field, "whole", null, Confidence.Medium, "it is called a count, and every value is whole")
            : new FieldGuess(field, "number", null, Confidence.Medium, $"values from {least:G4} to {most:G4}; neither they nor the name tell a unit");
    }

    private static string Last(string name) => name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant();

    private static TopicGuess Nothing(string why) => new(PayloadForm.Auto, null, [], why);
}
