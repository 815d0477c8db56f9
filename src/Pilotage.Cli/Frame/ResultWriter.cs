using System.Text.Json.Nodes;

namespace Pilotage.Cli.Frame;

/// <summary>Prints one result on standard output in the form the caller asked for.</summary>
internal sealed class ResultWriter(TextWriter output, string format, string? fields)
{
    public const string Formats = "table|wide|json|yaml|name|csv";
    public const string DefaultName = "id|reference|name|device/property";

    public bool IsMachineReadable => format is "json" or "yaml" || fields is not null;

    /// <summary>For a person: a table, or text in its place.</summary>
    public bool IsText => format is "table" or "wide" && fields is null;

    /// <summary>The short form for a person, in which equal things may stand together.</summary>
    public bool IsShort => format == "table" && fields is null;

    /// <param name="document">The result.</param>
    /// <param name="columns">Its table.</param>
    /// <param name="nameField">What <c>-o name</c> prints of a row: fields of it, <c>device/property</c> say, or another one after <c>|</c>; else the first column.</param>
    public void Write(JsonNode? document, IReadOnlyList<Column> columns, string nameField = DefaultName)
    {
        if (fields is not null)
        {
            WriteFields(document, fields);
            return;
        }

        switch (format)
        {
            case "json":
                output.WriteLine(document?.ToJsonString(CliJson.Indented) ?? "null");
                break;
            case "yaml":
                YamlText.Write(output, document);
                break;
            case "name":
                Lines(Rows(document).Select(row => NameOf(row, nameField) ?? columns[0].Raw(row)).Where(name => name.Length > 0));
                break;
            case "csv":
                Lines([Csv(columns.Select(column => column.Field)), .. Rows(document).Select(row => Csv(columns.Select(column => column.Raw(row))))]);
                break;
            default:
                Table(document, format == "wide" ? columns : [.. columns.Where(column => !column.Wide)]);
                break;
        }
    }

    /// <summary>One element of a stream: a line of JSON for machines, the given text for people.</summary>
    public void WriteStreamed(JsonNode element, string text) => output.WriteLine(IsMachineReadable ? element.ToJsonString(CliJson.Line) : text);

    public static IReadOnlyList<JsonNode?> Rows(JsonNode? document) => document switch
    {
        JsonArray list => [.. list],
        JsonObject map when map["items"] is JsonArray items => [.. items],
        null => [],
        _ => [document],
    };

    /// <summary>A name to go on with, of the fields that make it; null where one of them is not there.</summary>
    private static string? NameOf(JsonNode? row, string nameField) => nameField.Split('|').Select(fields => fields.Split('/').Select(field => new Column("", field).Raw(row)).ToList())
        .Where(parts => parts.TrueForAll(part => part.Length > 0)).Select(parts => string.Join('/', parts)).FirstOrDefault();

    private void Table(JsonNode? document, IReadOnlyList<Column> columns)
    {
        var rows = Rows(document);
        var cells = rows.Select(row => columns.Select(column => Printable.Of(column.Cell(row))).ToArray()).ToList();
        var widths = columns.Select((column, at) => cells.Select(row => row[at].Length).Append(column.Header.Length).Max()).ToArray();
        Lines([Line([.. columns.Select(column => column.Header)], widths), .. cells.Select(row => Line(row, widths))]);
    }

    private void WriteFields(JsonNode? document, string wanted)
    {
        var rows = Rows(document);
        if (wanted.Length == 0)
        {
            Lines(rows.OfType<JsonObject>().SelectMany(row => row.Select(pair => pair.Key)).Distinct());
            return;
        }

        var names = wanted.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (rows.Count > 0 && Array.Find(names, name => rows.All(row => Column.Find(row, name) is null)) is { } unknown)
        {
            throw new CliFailure(
                ExitCode.Usage, $"--json: there is no field '{unknown}'", $"the fields are {string.Join(", ", rows.OfType<JsonObject>().SelectMany(row => row.Select(pair => pair.Key)).Distinct())}");
        }

        var selected = new JsonArray([.. rows.Select(row => (JsonNode?)new JsonObject(
            names.Select(name => KeyValuePair.Create(name, Column.Find(row, name)?.DeepClone()))))]);
        output.WriteLine(selected.ToJsonString(CliJson.Indented));
    }

    private void Lines(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            output.WriteLine(line);
        }
    }

    private static string Line(string[] cells, int[] widths) =>
        string.Join("  ", cells.Select((cell, at) => cell.PadRight(widths[at]))).TrimEnd();

    private static string Csv(IEnumerable<string> cells) => string.Join(',', cells.Select(cell =>
        cell.AsSpan().ContainsAny("\",\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell));
}
