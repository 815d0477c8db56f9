using System.Text.RegularExpressions;

namespace Pilotage.Server.Package.Reading;

/// <summary>Reads a WoT thing description or model; what a pipeline does not need is left to other readers of the same file.</summary>
internal static partial class ThingReader
{
    public const string Folder = "things/";
    public const string Ending = ".td.json";
    private static readonly string[] Types = ["number", "integer", "boolean", "string"];

    public static ThingSpec Read(string file, YamlMap root, PackageFaults faults)
    {
        var name = file[Folder.Length..^Ending.Length];
        CheckName(root.At, name, faults);
        var properties = new List<ThingPropertySpec>();
        foreach (var (property, map) in root.Maps("properties", ""))
        {
            CheckName(map.At, property, faults);
            var type = map.Text("type");
            faults.CheckWord(map.AtKey("type"), "the type", type, Types);
            var unit = map.TextOrNull("unit");
            if (unit is not null)
            {
                faults.CheckUnit(map.AtKey("unit"), unit);
            }

            properties.Add(new ThingPropertySpec(property, type, unit, map.TextOrNull("title"), map.At));
        }

        var events = root.Maps("events", "", required: false).Select(e => new ThingEventSpec(e.Name, Fields(e.Map), e.Map.At));
        return new ThingSpec(name, properties, [.. events], root.At);
    }

    private static List<string> Fields(YamlMap map) =>
        [.. map.Map("data", "", required: false)?.Maps("properties", "", required: false).Select(f => f.Name) ?? []];

    private static void CheckName(SourceMark at, string name, PackageFaults faults)
    {
        if (!Name().IsMatch(name))
        {
            faults.Add(at, $"the name \"{name}\" must be an SQL identifier in lower case, at most 63 characters");
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,62}$")]
    private static partial Regex Name();
}
