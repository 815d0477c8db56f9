using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo;

/// <summary>Picks single values out of answers; alternatives of a path are separated by <c>|</c>.</summary>
internal static class Read
{
    public static string Text(JsonNode? node, string paths) => TextOrNull(node, paths)
        ?? throw new CliFailure(ExitCode.Failed, $"the server's answer has no {paths}", node?.ToJsonString());

    public static string? TextOrNull(JsonNode? node, string paths) => Find(node, paths) is { } found ? Column.Text(found) : null;

    public static double? Number(JsonNode? node, string paths) =>
        Find(node, paths) is { } found && found.GetValueKind() == JsonValueKind.Number ? found.GetValue<double>() : null;

    public static bool Flag(JsonNode? node, string paths) => Find(node, paths) is { } found && found.GetValueKind() == JsonValueKind.True;

    public static IReadOnlyList<JsonNode?> Rows(JsonNode? node, string path) => ResultWriter.Rows(Find(node, path));

    public static JsonNode? Find(JsonNode? node, string paths) => paths.Split('|').Select(path => Column.Find(node, path)).FirstOrDefault(found => found is not null);
}
