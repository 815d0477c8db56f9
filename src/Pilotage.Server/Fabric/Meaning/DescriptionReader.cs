using System.Text.Json;
using Pilotage.Core.Units;
using Pilotage.Server.Fabric.Ingest;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>Reads a W3C WoT thing description or thing model (TD 1.1): what is used here is checked, the rest stays in the document.</summary>
/// <remarks>
/// https://www.w3.org/TR/wot-thing-description11/, sections 5.3.1 (Thing), 5.3.2 (DataSchema) and 10 (thing models). Packages have a
/// reader of their own: it tells faults by line and column, and takes only what a pipeline can make a column of.
/// </remarks>
internal static class DescriptionReader
{
    /// <summary>Most properties of a thing type, as many as one message may hold.</summary>
    public const int PropertiesMax = 1024;

    private const int DepthMax = 32;
    private const int TextCharsMax = 2_000;
    private const int TypesMax = 32;
    private const int TypeCharsMax = 200;
    private const string Context = "https://www.w3.org/2022/wot/td/v1.1";
    private const string OlderContext = "https://www.w3.org/2019/wot/td/v1";
    private const string Model = "tm:ThingModel";
    private const string Reference = "tm:ref";
    private static readonly string[] ValueTypes = ["number", "integer", "boolean", "string", "object", "array", "null"];

    /// <summary>The description, or every fault by its JSON pointer.</summary>
    /// <param name="media">What it was sent as; decides whether it must or must not be a thing model.</param>
    public static Outcome<ThingDescription> Read(string name, ReadOnlyMemory<byte> json, string media)
    {
        try
        {
            using var document = JsonDocument.Parse(json, JsonFault.Strict(DepthMax));
            var faults = new DescriptionFaults();
            var read = Thing(name, document.RootElement, media, faults);
            return faults.Any ? faults.ToRefusal(name) : read!;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // The second is what a name or text with half a surrogate pair or bytes beyond UTF-8 ends in.
            return new Refusal("fabric.thing.malformed", $"The description of {name} cannot be read: {JsonFault.Of(failure)}. Send one JSON object.");
        }
    }

    private static ThingDescription? Thing(string name, JsonElement root, string media, DescriptionFaults faults)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            faults.Add("", $"is {JsonPlace.WordOf(root.ValueKind)}; a description is one JSON object");
            return null;
        }

        var thing = new JsonPlace(root, "", faults);
        CheckContext(thing);
        var types = thing.Names("@type", TypesMax, TypeCharsMax);
        var isModel = types.Contains(Model, StringComparer.Ordinal);
        if (media != ThingMedia.Json && isModel != (media == ThingMedia.Model))
        {
            faults.Add("/@type", isModel ? $"says {Model}; send a thing model as {ThingMedia.Model}" : $"does not say {Model}; add it, or send a thing description as {ThingMedia.Description}");
        }

        // A thing model may leave out what all descriptions must have (section 10.2); then its name stands in.
        var title = thing.Text("title", TextCharsMax);
        if (title is null ? !isModel && !root.TryGetProperty("title", out _) : string.IsNullOrWhiteSpace(title))
        {
            faults.Add("/title", $"is {(title is null ? "missing" : "empty")}; write what people call this thing");
        }

        CheckReference(thing);
        var properties = Properties(thing);
        return new ThingDescription(name, title ?? name, thing.Text("description", TextCharsMax), isModel, types, properties)
        {
            Id = root.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null,
            Links = LinkReader.Read(root),
        };
    }

    private static void CheckContext(JsonPlace thing)
    {
        if (!thing.Element.TryGetProperty("@context", out var context))
        {
            thing.Faults.Add("/@context", $"is missing; write \"@context\": \"{Context}\"");
            return;
        }

        var names = context.ValueKind switch
        {
            JsonValueKind.String => [context.GetString()],
            JsonValueKind.Array => context.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()),
            _ => Enumerable.Empty<string?>(),
        };
        if (!names.Any(one => one is Context or OlderContext))
        {
            thing.Faults.Add("/@context", $"does not name the thing description's own; write \"{Context}\", alone or first in a list");
        }
    }

    private static Dictionary<string, PropertyMeaning> Properties(JsonPlace thing)
    {
        var read = new Dictionary<string, PropertyMeaning>(StringComparer.Ordinal);
        if (!thing.Element.TryGetProperty("properties", out var properties))
        {
            return read;
        }

        if (properties.ValueKind != JsonValueKind.Object)
        {
            thing.Faults.Add("/properties", $"is {JsonPlace.WordOf(properties.ValueKind)}; write an object with one member for each property");
            return read;
        }

        var all = new JsonPlace(properties, "/properties", thing.Faults);
        if (properties.GetPropertyCount() is > PropertiesMax and var count)
        {
            all.Faults.Add(all.Pointer, $"has {count} members; {PropertiesMax} are the most of one thing type");
            return read;
        }

        foreach (var member in properties.EnumerateObject())
        {
            var property = new JsonPlace(member.Value, all.To(DescriptionFaults.Shown(member.Name)), thing.Faults);
            if (!TelemetryReader.IsProperty(member.Name))
            {
                property.Faults.Add(property.Pointer, "has a name that no series can have; use letters, digits, _ . : and -, at most 128 characters");
            }
            else if (member.Value.ValueKind != JsonValueKind.Object)
            {
                property.Faults.Add(property.Pointer, $"is {JsonPlace.WordOf(member.Value.ValueKind)}; write an object such as {{\"type\": \"number\", \"unit\": \"mm/s\"}}");
            }
            else
            {
                read[member.Name] = Property(member.Name, property);
            }
        }

        return read;
    }

    private static PropertyMeaning Property(string name, JsonPlace at)
    {
        CheckReference(at);
        var type = at.Text("type", TextCharsMax);
        if (type is not null && !ValueTypes.Contains(type, StringComparer.Ordinal))
        {
            at.Faults.Add(at.To("type"), $"is \"{DescriptionFaults.Shown(type)}\"; write one of {string.Join(", ", ValueTypes)}");
            type = null;
        }

        var isNumeric = type is null or "number" or "integer";
        var (least, most) = (at.Number("minimum"), at.Number("maximum"));
        if (!isNumeric && (least ?? most) is not null)
        {
            at.Faults.Add(at.To(least is null ? "maximum" : "minimum"), $"bounds a number, and the type is {type}; leave it out, or make the type number or integer");
        }

        if (least > most)
        {
            at.Faults.Add(at.To("minimum"), "is above maximum, so that no value could be; exchange them");
        }

        var (readOnly, writeOnly) = (at.Flag("readOnly"), at.Flag("writeOnly"));
        if (readOnly == true && writeOnly == true)
        {
            at.Faults.Add(at.To("writeOnly"), "is true as readOnly is; a property that can be neither read nor written is none, so set one of them to false");
        }

        CheckEnum(type, at);
        return new PropertyMeaning(name, type, UnitOf(at, isNumeric, type), at.Names("@type", TypesMax, TypeCharsMax))
        {
            Title = at.Text("title", TextCharsMax),
            Description = at.Text("description", TextCharsMax),
            Minimum = least,
            Maximum = most,
            ReadOnly = readOnly ?? false,
            WriteOnly = writeOnly ?? false,
            Observable = at.Flag("observable") ?? false,
        };
    }

    private static Unit? UnitOf(JsonPlace at, bool isNumeric, string? type)
    {
        if (at.Text("unit", TextCharsMax) is not { } code)
        {
            return null;
        }

        if (!isNumeric)
        {
            at.Faults.Add(at.To("unit"), $"measures a number, and the type is {type}; leave it out, or make the type number or integer");
            return null;
        }

        if (Ucum.Parse(code).TryGet(out var unit, out var refusal))
        {
            return unit;
        }

        at.Faults.Add(at.To("unit"), refusal.Message.TrimEnd('.'));
        return null;
    }

    private static void CheckEnum(string? type, JsonPlace at)
    {
        if (!at.Element.TryGetProperty("enum", out var values))
        {
            return;
        }

        if (values.ValueKind != JsonValueKind.Array || values.GetArrayLength() == 0)
        {
            at.Faults.Add(at.To("enum"), "must be a list of at least one value that the property may have");
            return;
        }

        foreach (var (value, i) in values.EnumerateArray().Select((value, i) => (value, i)))
        {
            if (!Fits(type, value))
            {
                at.Faults.Add($"{at.To("enum")}/{i}", $"is {JsonPlace.WordOf(value.ValueKind)}, and the type is {type}; make them agree");
            }
        }
    }

    private static bool Fits(string? type, JsonElement value) => type switch
    {
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && Math.Truncate(value.GetDouble()) == value.GetDouble(),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind == JsonValueKind.String,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => true,
    };

    /// <summary>Another document is never fetched: what it says today it may not say tomorrow.</summary>
    private static void CheckReference(JsonPlace at)
    {
        if (at.Element.TryGetProperty(Reference, out _))
        {
            at.Faults.Add(at.To(Reference), "names another document, which is not fetched; write out here what it says");
        }
    }
}
