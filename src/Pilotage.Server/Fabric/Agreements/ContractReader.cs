using System.Globalization;
using System.Text.RegularExpressions;
using Pilotage.Core.Units;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Package.Reading;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>Reads a contract out of YAML or JSON; every fault stands with its line and key.</summary>
internal static partial class ContractReader
{
    public const string Format = "pilotage.contract/1";
    public const int PropertiesMax = 1_024;
    private const int ValuesMax = 100;
    private const string File = "contract";
    private static readonly string[] Choices = ["count", "quarantine", "reject"];
    private static readonly TimeSpan PerMax = TimeSpan.FromDays(1);

    /// <summary>The contract, or everything that is wrong with it.</summary>
    /// <param name="thing">The thing type it is for; the one that it names itself where none is given.</param>
    public static Outcome<DataContract> Read(string? thing, ReadOnlyMemory<byte> document)
    {
        var faults = new PackageFaults();
        var maps = YamlText.Documents(File, document, faults);
        if (maps.Count > 1)
        {
            faults.Add(maps[1].At, "a second document; a file has one contract");
        }

        var read = maps.Count > 0 ? Contract(maps[0], thing, faults) : null;
        if (!faults.Any && read is not null)
        {
            return read;
        }

        var refusal = faults.ToRefusal();
        return refusal with { Code = "fabric.contract.invalid", Message = $"The contract cannot be used: {refusal.Message}." };
    }

    private static DataContract Contract(YamlMap map, string? thing, PackageFaults faults)
    {
        if (map.Text("format") is { Length: > 0 } format && format != Format)
        {
            faults.Add(map.AtKey("format"), $"format: \"{format}\" is not known; write {Format}");
        }

        var named = map.Text("thing");
        if (!Name().IsMatch(named))
        {
            faults.Add(map.AtKey("thing"), $"thing: \"{named}\" is not the name of a thing type: lower-case letters, digits and _, a letter first, at most 63");
        }
        else if (thing is not null && named != thing)
        {
            faults.Add(map.AtKey("thing"), $"thing: is {named}, and the contract is given for {thing}; write the same");
        }

        var choice = Choice(map, OnViolation.Count, faults);
        var properties = map.Maps("properties", "").Select(pair => Rules(pair.Name, pair.Map, choice, faults)).ToList();
        if (properties.Count > PropertiesMax)
        {
            faults.Add(map.AtKey("properties"), $"properties: there are {properties.Count}; {PropertiesMax} are the most that a message holds");
        }

        if (properties.Count == 0)
        {
            faults.Add(map.AtKey("properties"), "properties: there is none, so nothing is promised");
        }

        map.RefuseOthers();
        return new DataContract(named, properties);
    }

    private static PropertyRules Rules(string name, YamlMap map, OnViolation otherwise, PackageFaults faults)
    {
        if (!TelemetryReader.IsProperty(name))
        {
            faults.Add(map.At, $"\"{name}\" cannot be the name of a property: it has letters, digits and _ . : -, at most 128 of them");
        }

        double? minimum = map.Has("minimum") ? map.Number("minimum") : null;
        double? maximum = map.Has("maximum") ? map.Number("maximum") : null;
        if (minimum > maximum)
        {
            faults.Add(map.AtKey("minimum"), string.Create(CultureInfo.InvariantCulture, $"minimum: {minimum} is greater than maximum, {maximum}"));
        }

        var values = map.List("values", required: false);
        if (values.Count > ValuesMax)
        {
            faults.Add(map.AtKey("values"), $"values: there are {values.Count}, more than {ValuesMax}; give a range");
        }

        var rules = new PropertyRules(
            name, Choice(map, otherwise, faults), Flag(map, "required", faults), minimum, maximum, UnitOf(map, faults), [.. values.Select(value => value.Text)], Rate(map, faults),
            map.Duration("fresh", TimeSpan.Zero), map.At);
        map.RefuseOthers();
        return rules;
    }

    private static RateRule? Rate(YamlMap map, PackageFaults faults)
    {
        if (map.Map("rate", "", required: false) is not { } rate)
        {
            return null;
        }

        var (min, max, per) = (Points(rate, "min", faults), Points(rate, "max", faults), rate.Duration("per"));
        if (min is null && max is null)
        {
            faults.Add(rate.At, "rate: give min, max or both, in points");
        }

        if (min > max)
        {
            faults.Add(rate.AtKey("min"), $"min: {min} is greater than max, {max}");
        }

        if (rate.Has("per") && (per < TimeSpan.FromSeconds(1) || per > PerMax))
        {
            faults.Add(rate.AtKey("per"), "per: give PT1S to P1D");
        }

        rate.RefuseOthers();
        return new RateRule(min, max, per);
    }

    private static int? Points(YamlMap map, string key, PackageFaults faults)
    {
        if (!map.Has(key))
        {
            return null;
        }

        var number = map.Number(key);
        if (number is < 0 or > int.MaxValue || Math.Truncate(number) != number)
        {
            faults.Add(map.AtKey(key), $"{key}: give a whole number of points");
            return null;
        }

        return (int)number;
    }

    private static Unit? UnitOf(YamlMap map, PackageFaults faults)
    {
        if (map.TextOrNull("unit") is not { } code)
        {
            return null;
        }

        if (Ucum.Parse(code).TryGet(out var unit, out var refusal))
        {
            return unit;
        }

        faults.Add(map.AtKey("unit"), $"unit: {refusal.Message}");
        return null;
    }

    private static bool Flag(YamlMap map, string key, PackageFaults faults)
    {
        var text = map.TextOrNull(key);
        if (text is not (null or "true" or "false"))
        {
            faults.Add(map.AtKey(key), $"{key}: \"{text}\" is neither true nor false");
        }

        return text == "true";
    }

    private static OnViolation Choice(YamlMap map, OnViolation otherwise, PackageFaults faults)
    {
        if (map.TextOrNull("violation") is not { } word)
        {
            return otherwise;
        }

        faults.CheckWord(map.AtKey("violation"), "violation:", word, Choices);
        return (OnViolation)Math.Max(0, Array.IndexOf(Choices, word));
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,62}$")]
    private static partial Regex Name();
}
