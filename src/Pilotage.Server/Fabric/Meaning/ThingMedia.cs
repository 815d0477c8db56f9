using System.Net.Http.Headers;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>What a description may be sent as.</summary>
internal static class ThingMedia
{
    /// <summary>A thing description (TD 1.1, section 11.1).</summary>
    public const string Description = "application/td+json";

    /// <summary>A thing model (TD 1.1, section 11.2).</summary>
    public const string Model = "application/tm+json";

    /// <summary>Either.</summary>
    public const string Json = "application/json";

    /// <summary>The one that a content type names, without its parameters.</summary>
    public static Outcome<string> Of(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var parsed) && parsed.MediaType?.ToLowerInvariant() is Description or Model or Json
            ? parsed.MediaType.ToLowerInvariant()
            : new Refusal("fabric.thing.media_type", $"The body is of a type that nobody reads here; send {Description}, {Model} or {Json}.");
}
