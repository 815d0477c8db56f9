using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary>The thread as a person reads it: edges of one kind between nodes of the same kinds stand in one line, and money is spelled out.</summary>
internal static class LineageText
{
    /// <summary>Fewer equal edges than this are told one by one.</summary>
    private const int GroupMin = 3;
    private const string Rows = "rows ";

    /// <summary>The edges in their order, each group at the place of its first; one end in common is kept by name.</summary>
    public static JsonArray Grouped(JsonNode? walk)
    {
        var rows = ResultWriter.Rows(walk).OfType<JsonObject>().Select(edge => new Row(Column.Text(edge["from"]), Column.Text(edge["type"]), Column.Text(edge["to"]), Detail(edge))).ToList();
        rows = Together(rows, row => (Kind(row.From), row.Type, row.To), (row, count) => row with { From = Many(row.From, count) });
        rows = Together(rows, row => (row.From, row.Type, Kind(row.To)), (row, count) => row with { To = Many(row.To, count) });
        rows = Together(rows, row => (Kind(row.From), row.Type, Kind(row.To)), (row, count) => row with { From = Many(row.From, count), To = Many(row.To, count) });
        return [.. rows.Select(row => (JsonNode)new JsonObject { ["from"] = row.From, ["type"] = row.Type, ["to"] = row.To, ["detail"] = row.Detail })];
    }

    /// <summary>What is recorded on an edge; a sum of money before all else.</summary>
    private static string? Detail(JsonNode? edge) => edge?["attributes"] is not JsonObject attributes
        ? null
        : attributes["net"] is { } net
            ? $"net {Column.Text(net)} {Column.Text(attributes["currency"])}, {Column.Text(attributes["evidenceClass"])}"
            : string.Join(", ", attributes.Select(pair => $"{pair.Key} {Column.Text(pair.Value)}"));

    private static List<Row> Together<TKey>(List<Row> rows, Func<Row, TKey> key, Func<Row, int, Row> grouped) =>
        [.. rows.GroupBy(key).SelectMany(group => group.Count() < GroupMin || group.Any(row => row.IsGroup)
            ? group.AsEnumerable()
            : [grouped(group.First(), group.Count()) with { Detail = Common([.. group.Select(row => row.Detail)]), IsGroup = true }])];

    /// <summary>What all say, or the sum of the rows they count; anything else is for <c>-o wide</c>.</summary>
    private static string? Common(IReadOnlyList<string?> details) => details.Distinct().Count() == 1
        ? details[0]
        : details.All(detail => detail is not null && detail.StartsWith(Rows, StringComparison.Ordinal) && long.TryParse(detail.AsSpan(Rows.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? $"{Rows}{details.Sum(detail => long.Parse(detail.AsSpan(Rows.Length), NumberStyles.None, CultureInfo.InvariantCulture))}"
            : null;

    private static string Kind(string node) => node.Split(':')[0];

    private static string Many(string node, int count) => $"{count} {Kind(node).Replace('-', ' ')}s";

    private sealed record Row(string From, string Type, string To, string? Detail)
    {
        public bool IsGroup { get; init; }
    }
}
