using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;
using YamlDotNet.RepresentationModel;

namespace Pilotage.Server.Package.Reading;

/// <summary>One mapping being read: typed getters that record faults where they stand, and a check for keys nobody asked for.</summary>
internal sealed partial class YamlMap
{
    private readonly Dictionary<string, (YamlNode Key, YamlNode Value)> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly string _file;
    private readonly string _section;
    private readonly PackageFaults _faults;

    public YamlMap(string file, string section, YamlMappingNode node, PackageFaults faults)
    {
        _file = file;
        _section = section;
        _faults = faults;
        At = Mark(node);
        foreach (var (key, value) in node.Children)
        {
            if (key is YamlScalarNode { Value: { } name })
            {
                _entries[name] = (key, value);
            }
            else
            {
                faults.Add(Mark(key), "a key must be plain text");
            }
        }
    }

    public SourceMark At { get; }

    public IEnumerable<string> Keys => _entries.Keys;

    /// <summary>Names the section in the JSON schema's terms and notes the keys it may have.</summary>
    public YamlMap As(string section) => new(_file, section, this);

    private YamlMap(string file, string section, YamlMap same)
    {
        _file = file;
        _section = section;
        _faults = same._faults;
        _entries = same._entries;
        At = same.At;
    }

    public bool Has(string key) => Ask(key) is not null;

    /// <summary>Where the value of a key stands; the map itself when the key is absent.</summary>
    public SourceMark AtKey(string key) => _entries.TryGetValue(key, out var entry) ? Mark(entry.Value) : At;

    public string Text(string key) => TextOrNull(key) ?? Missing(key, "");

    public string? TextOrNull(string key)
    {
        switch (Ask(key))
        {
            case null:
                return null;
            case YamlScalarNode { Value: { } value } when value.Length > 0:
                return value;
            case var other:
                _faults.Add(Mark(other), $"{key}: expected one value");
                return null;
        }
    }

    public double Number(string key, double? otherwise = null)
    {
        if (Ask(key) is null)
        {
            return otherwise ?? Missing(key, 0.0);
        }

        var text = TextOrNull(key);
        if (text is not null && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
        {
            return value;
        }

        _faults.Add(AtKey(key), $"{key}: \"{text}\" is not a number");
        return 0;
    }

    /// <summary>A percentage (<c>-30%</c>) as a share, or a plain number taken as the share itself.</summary>
    public double Share(string key)
    {
        var text = TextOrNull(key) ?? Missing(key, "0");
        var percent = text.EndsWith('%');
        if (double.TryParse(percent ? text[..^1] : text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
        {
            return percent ? value / 100 : value;
        }

        _faults.Add(AtKey(key), $"{key}: \"{text}\" is not a percentage; write -30%, for example");
        return 0;
    }

    /// <summary>An ISO 8601 duration in days or less; years and months have no fixed length and are refused.</summary>
    public TimeSpan Duration(string key, TimeSpan? otherwise = null)
    {
        if (Ask(key) is null)
        {
            return otherwise ?? Missing(key, TimeSpan.Zero);
        }

        var text = TextOrNull(key) ?? "";
        if (IsoDuration().IsMatch(text))
        {
            try
            {
                return XmlConvert.ToTimeSpan(text.Replace("W", "D", StringComparison.Ordinal)) * (text.EndsWith('W') ? 7 : 1);
            }
            catch (Exception failure) when (failure is FormatException or OverflowException)
            {
                // Told below, like any other text that is no duration.
            }
        }

        _faults.Add(AtKey(key), $"{key}: \"{text}\" is not a duration; write PT30M, PT2H or P7D, for example");
        return TimeSpan.Zero;
    }

    public YamlMap? Map(string key, string section, bool required = true)
    {
        switch (Ask(key))
        {
            case YamlMappingNode map:
                return new YamlMap(_file, section, map, _faults);
            case null:
                return required ? Missing<YamlMap?>(key, null) : null;
            case var other:
                _faults.Add(Mark(other), $"{key}: expected keys and values");
                return null;
        }
    }

    /// <summary>The texts of a list with their places; a list is required unless said otherwise.</summary>
    public IReadOnlyList<(string Text, SourceMark At)> List(string key, bool required = true)
    {
        switch (Ask(key))
        {
            case null:
                return required ? Missing<IReadOnlyList<(string, SourceMark)>>(key, []) : [];
            case YamlSequenceNode sequence:
                var items = new List<(string, SourceMark)>();
                foreach (var item in sequence.Children)
                {
                    if (item is YamlScalarNode { Value: { } value })
                    {
                        items.Add((value, Mark(item)));
                    }
                    else
                    {
                        _faults.Add(Mark(item), $"{key}: expected plain text in the list");
                    }
                }

                return items;
            case var other:
                _faults.Add(Mark(other), $"{key}: expected a list such as [a, b]");
                return [];
        }
    }

    /// <summary>The maps of a map, in the order written: gates by stage, guards by name, properties by name.</summary>
    public IReadOnlyList<(string Name, YamlMap Map)> Maps(string key, string section, bool required = true) =>
        Map(key, section, required) is { } outer
            ? [.. outer._entries.Keys.ToList().Select(name => (name, outer.Map(name, section + ".*"))).Where(m => m.Item2 is not null).Select(m => (m.name, m.Item2!))]
            : [];

    /// <summary>The plain values of a map, in the order written.</summary>
    public IReadOnlyList<(string Name, string Value, SourceMark At)> Pairs(string key, string section, bool required = true)
    {
        if (Map(key, section, required) is not { } map)
        {
            return [];
        }

        var pairs = new List<(string, string, SourceMark)>();
        foreach (var name in map._entries.Keys.ToList())
        {
            if (map.TextOrNull(name) is { } value)
            {
                pairs.Add((name, value, map.AtKey(name)));
            }
        }

        return pairs;
    }

    /// <summary>Faults every key that nothing asked for; called last by the reader of the section.</summary>
    public void RefuseOthers()
    {
        foreach (var (name, entry) in _entries)
        {
            if (!_asked.Contains(name))
            {
                _faults.Add(Mark(entry.Key), $"unknown key \"{name}\"; {PackageFaults.Suggest(name, _asked)}");
            }
        }
    }

    private YamlNode? Ask(string key)
    {
        _asked.Add(key);
        if (_section.Length > 0)
        {
            Note(key);
        }

        return _entries.TryGetValue(key, out var entry) ? entry.Value : null;
    }

    private void Note(string key)
    {
        if (!_faults.Asked.TryGetValue(_section, out var keys))
        {
            _faults.Asked[_section] = keys = new SortedSet<string>(StringComparer.Ordinal);
        }

        keys.Add(key);
    }

    private T Missing<T>(string key, T instead)
    {
        _faults.Add(At, $"the key \"{key}\" is missing");
        return instead;
    }

    private SourceMark Mark(YamlNode node) => new(_file, node.Start.Line, node.Start.Column);

    [GeneratedRegex(@"^P(\d+W|(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)$(?<!^P)")]
    private static partial Regex IsoDuration();
}
