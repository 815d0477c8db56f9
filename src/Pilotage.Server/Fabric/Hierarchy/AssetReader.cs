using Pilotage.Server.Package.Reading;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>Reads assets and relations from YAML or JSON; every fault stands with its line.</summary>
internal static class AssetReader
{
    public const string Format = "pilotage.assets/1";
    private const string File = "assets";

    public static Outcome<(IReadOnlyList<AssetWish> Assets, IReadOnlyList<RelationWish> Relations)> Read(ReadOnlyMemory<byte> document)
    {
        var faults = new PackageFaults();
        var maps = YamlText.Documents(File, document, faults);
        if (maps.Count > 1)
        {
            faults.Add(maps[1].At, "a second document; a file holds one");
        }

        var (assets, relations) = maps.Count > 0 ? Read(maps[0], faults) : ([], []);
        return faults.Any ? faults.ToRefusal("fabric.asset.invalid") : (assets, relations);
    }

    private static (IReadOnlyList<AssetWish> Assets, IReadOnlyList<RelationWish> Relations) Read(YamlMap map, PackageFaults faults)
    {
        if (map.Text("format") is { Length: > 0 } format && format != Format)
        {
            faults.Add(map.AtKey("format"), $"the format \"{format}\" is unknown; write {Format}");
        }

        var assets = map.Maps("assets", "", required: false).Select(pair => Asset(pair.Name, pair.Map)).ToList();
        var relations = map.List("relations", required: false).Select(line => Relation(line.Text, line.At.ToString(), faults)).OfType<RelationWish>().ToList();
        map.RefuseOthers();
        return (assets, relations);
    }

    private static AssetWish Asset(string name, YamlMap map)
    {
        var wish = new AssetWish(map.At.ToString(), name, map.TextOrNull("level"), map.TextOrNull("title"), map.TextOrNull("part_of"));
        map.RefuseOthers();
        return wish;
    }

    private static RelationWish? Relation(string text, string at, PackageFaults faults)
    {
        switch (text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            case [var from, var relation, var to]:
                return new RelationWish(at, from, null, relation, to);
            case [var from, var property, var relation, var to]:
                return new RelationWish(at, from, property, relation, to);
            default:
                faults.Add(at, $"\"{(text.Length <= 80 ? text : text[..80] + "…")}\" is no relation; write pump-7 part-of line-2, or pump-7 vibration measures bearing-1");
                return null;
        }
    }
}
