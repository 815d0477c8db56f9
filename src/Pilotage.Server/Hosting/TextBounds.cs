namespace Pilotage.Server.Hosting;

/// <summary>Words of people in a body: kept for ever once they are taken, so they have a longest.</summary>
internal static class TextBounds
{
    /// <summary>Why a text is refused, or null.</summary>
    public static Refusal? TooLong(string name, string? text, int charsMax) => text is null || text.Length <= charsMax
        ? null
        : new Refusal("request.too_long", $"{name} has {text.Length} characters; give at most {charsMax}.")
        {
            Details = [new($"/{name}", $"has {text.Length} characters, the most is {charsMax}")],
        };
}
