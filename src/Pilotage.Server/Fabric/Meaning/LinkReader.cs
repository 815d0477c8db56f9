using System.Text.Json;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>Reads the links of a description. What is no link is none of it, and refuses nothing: descriptions were taken before links were read.</summary>
internal static class LinkReader
{
    private const int CharsMax = 2_000;

    public static IReadOnlyList<ThingLink> Read(JsonElement thing) => thing.TryGetProperty("links", out var links) && links.ValueKind == JsonValueKind.Array
        ? [.. links.EnumerateArray().Select(Link)]
        : [];

    private static ThingLink Link(JsonElement link) => link.ValueKind == JsonValueKind.Object
        ? new ThingLink(Text(link, "rel") ?? "", Text(link, "href") ?? "", Text(link, "anchor"))
        : new ThingLink("", "", null);

    private static string? Text(JsonElement link, string member) =>
        link.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= CharsMax } text ? text : null;
}
