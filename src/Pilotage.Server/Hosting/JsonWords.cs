using System.Text.Json;

namespace Pilotage.Server.Hosting;

/// <summary>What the JSON reader says, for people: without where it stands, which callers say in their own way, and without its internals.</summary>
internal static class JsonWords
{
    public static string Of(JsonException fault)
    {
        var end = fault.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? fault.Message : fault.Message[..end]).Replace(", when isFinalBlock is true", "", StringComparison.Ordinal);
    }
}
