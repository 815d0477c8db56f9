using System.Text.Json;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>Reads the links of a description. What is no link refuses nothing, for descriptions were taken before links were read; what is wrong with it is told where links are.</summary>
internal static class LinkReader
{
    private const int CharsMax = 2_000;
    private const string Example = """{"rel": "partOf", "href": "line-2"}""";

    public static IReadOnlyList<ThingLink> Read(JsonElement thing) => !thing.TryGetProperty("links", out var links) ? []
        : links.ValueKind == JsonValueKind.Array ? [.. links.EnumerateArray().Select((link, at) => Link($"/links/{at}", link))]
        : [new ThingLink("/links", "", "", null) { Fault = $"links is {JsonPlace.WordOf(links.ValueKind)}; write a list of links such as {Example}" }];

    private static ThingLink Link(string at, JsonElement link)
    {
        if (link.ValueKind != JsonValueKind.Object)
        {
            return new ThingLink(at, "", "", null) { Fault = $"it is {JsonPlace.WordOf(link.ValueKind)}; a link is an object such as {Example}" };
        }

        var rel = Text(link, "rel", out var fault);
        var href = Text(link, "href", out var ofHref);
        var anchor = Text(link, "anchor", out var ofAnchor);
        return new ThingLink(at, rel ?? "", href ?? "", anchor) { Fault = fault, EndFault = ofHref ?? ofAnchor };
    }

    private static string? Text(JsonElement link, string member, out string? fault)
    {
        fault = null;
        if (!link.TryGetProperty(member, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            fault = $"{member} is {JsonPlace.WordOf(value.ValueKind)}; write one text";
            return null;
        }

        var text = value.GetString()!;
        fault = text.Length == 0 ? $"{member} is empty; write one text"
            : text.Length > CharsMax ? $"{member} has {text.Length} characters; {CharsMax} are the most that are looked at" : null;
        return fault is null ? text : null;
    }
}
