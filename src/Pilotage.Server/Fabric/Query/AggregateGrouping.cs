using System.Globalization;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Query;

/// <summary>One thing that series are put together by.</summary>
/// <param name="Word">all, device, level, asset, thing, property or unit.</param>
/// <param name="PathLevels">Of level: levels of the path below the tenant.</param>
/// <param name="AssetLevel">Of asset: assets of this level; null for the nearest.</param>
internal sealed record GroupBy(string Word, int PathLevels = 0, AssetLevel? AssetLevel = null);

/// <summary>What series are put together by: several with commas, whose names then stand one after the other.</summary>
/// <param name="Text">As it was asked.</param>
internal sealed record AggregateGrouping(string Text, IReadOnlyList<GroupBy> By)
{
    public const string PerDevice = "device";
    public const string All = "all";
    public const string Level = "level";
    public const string Asset = "asset";
    public const string Thing = "thing";
    public const string Property = "property";
    public const string Unit = "unit";

    private const int LevelsMax = 6;
    private const int ByMax = 4;
    private const int CharsShown = 40;

    /// <summary>Whether the path of a device alone says where it goes.</summary>
    public bool IsByPath => By is [{ Word: PerDevice or All or Level }];

    public static Outcome<AggregateGrouping> Read(string? text)
    {
        var words = (text ?? PerDevice).Split(',', StringSplitOptions.TrimEntries);
        if (words.Length > ByMax)
        {
            return QueryBounds.Refused("groupBy", $"names {words.Length} things to group by; {ByMax} are the most");
        }

        var by = new List<GroupBy>();
        foreach (var word in words)
        {
            if (Of(word) is not { } one)
            {
                return QueryBounds.Refused(
                    "groupBy",
                    $"is \"{(word.Length <= CharsShown ? word : word[..CharsShown] + "…")}\"; give device, all, level:1 to level:{LevelsMax} of the path, asset (the nearest), "
                        + $"asset:LEVEL ({string.Join(", ", AssetLevels.Words)}), thing, property or unit; several with commas");
            }

            by.Add(one);
        }

        return new AggregateGrouping(text ?? PerDevice, by);
    }

    /// <summary>The first levels of the path; the tenant, which all have, is level 0 and stands before them.</summary>
    public static string PathOf(Device device, int levels) => string.Join('/', device.Path.Split('/').Take(levels + 1));

    /// <summary>The group of a device where its path alone says it.</summary>
    public string OfPath(Device device) => By[0].Word switch
    {
        PerDevice => device.Id.Value,
        Level => PathOf(device, By[0].PathLevels),
        _ => "",
    };

    private static GroupBy? Of(string word) => word.Split(':') switch
    {
        [PerDevice or All or Asset or Thing or Property or Unit] => new GroupBy(word),
        [Level, var levels] when int.TryParse(levels, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= LevelsMax => new GroupBy(Level, number),
        [Asset, var level] when AssetLevels.TryParse(level, out var known) => new GroupBy(Asset, AssetLevel: known),
        _ => null,
    };
}
