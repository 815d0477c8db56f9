using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pilotage.Cli.Frame;

/// <summary>One column of a table: its heading and where the cell stands in a row's JSON.</summary>
/// <param name="Header">The heading, upper case.</param>
/// <param name="Path">Dotted path; alternatives separated by <c>|</c>, the first that is there is taken.</param>
/// <param name="Wide">Shown with <c>-o wide</c> only.</param>
/// <param name="Exact">A reading: a number is shown with every digit it has, true and false as they are.</param>
/// <param name="Name">What programs call it, where the path says only the place in a row.</param>
internal sealed record Column(string Header, string Path, bool Wide = false, bool Exact = false, string? Name = null)
{
    private const double LeastInFourDigits = 0.0001;
    private const double MostWithoutExponent = 1e15;

    /// <summary>What programs call it: as the JSON does.</summary>
    public string Field => Name ?? Path.Split('|')[0];

    public string Cell(JsonNode? row) => Found(row) is { } found ? Exact ? Reading(found) : Text(found) : "-";

    /// <summary>The cell for a program: nothing where there is nothing, a number as it came, a list or an object as JSON.</summary>
    public string Raw(JsonNode? row) => Found(row) switch
    {
        null => "",
        { } found when found.GetValueKind() == JsonValueKind.String => found.GetValue<string>(),
        { } found => found.ToJsonString(CliJson.Line),
    };

    public static JsonNode? Find(JsonNode? node, string path)
    {
        foreach (var step in path.Split('.'))
        {
            node = node switch
            {
                JsonObject map when map.TryGetPropertyValue(step, out var child) => child,
                JsonArray list when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
                    && at < list.Count => list[at],
                _ => null,
            };
        }

        return node;
    }

    private JsonNode? Found(JsonNode? row) => Path.Split('|').Select(path => Find(row, path)).FirstOrDefault(found => found is not null);

    public static string Text(JsonNode? node) => node switch
    {
        null => "-",
        JsonArray list => string.Join(", ", list.Select(Text)),
        JsonObject map => map.ToJsonString(CliJson.Line),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.String => node.GetValue<string>(),
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            JsonValueKind.Number => Number(node),
            _ => node.ToJsonString(),
        },
    };

    private static string Reading(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.Number => Shortest(node),
        JsonValueKind.True or JsonValueKind.False => node.ToJsonString(),
        _ => Text(node),
    };

    // Four digits are enough for a person where they say something; -o json carries the value bit for bit.
    private static string Number(JsonNode node)
    {
        var text = node.ToJsonString();
        if (!text.AsSpan().ContainsAny(".eE"))
        {
            return text;
        }

        var number = double.Parse(text, CultureInfo.InvariantCulture);
        return number == 0 || Math.Abs(number) is >= LeastInFourDigits and < MostWithoutExponent
            ? number.ToString("0.####", CultureInfo.InvariantCulture)
            : Shortest(node);
    }

    /// <summary>The fewest digits that read back as the same number; with an exponent where it is very large or small.</summary>
    private static string Shortest(JsonNode node)
    {
        var text = node.ToJsonString();
        return !text.AsSpan().ContainsAny(".eE") ? text : double.Parse(text, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);
    }
}
