using System.Text;

namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>The labels of a series, in order of their names; equal where all of them are.</summary>
internal sealed class LabelSet : IEquatable<LabelSet>
{
    private readonly string _key;

    public LabelSet(IEnumerable<(string Name, string Value)> labels)
    {
        // A label that is empty is one that is not there.
        Labels = [.. labels.Where(label => label.Value.Length > 0).OrderBy(label => label.Name, StringComparer.Ordinal)];
        var key = new StringBuilder();
        foreach (var (name, value) in Labels)
        {
            key.Append(name).Append('\0').Append(value).Append('\0');
        }

        _key = key.ToString();
    }

    public static LabelSet Empty { get; } = new([]);

    /// <summary>By names and values, one after the other.</summary>
    public static IComparer<LabelSet> Order { get; } = Comparer<LabelSet>.Create((left, right) => string.CompareOrdinal(left._key, right._key));

    public IReadOnlyList<(string Name, string Value)> Labels { get; }

    /// <summary>A value; empty where there is no such label.</summary>
    public string this[string name]
    {
        get
        {
            foreach (var (one, value) in Labels)
            {
                if (one == name)
                {
                    return value;
                }
            }

            return "";
        }
    }

    public LabelSet Only(IReadOnlyList<string> names) => new(Labels.Where(label => names.Contains(label.Name)));

    public LabelSet Without(IReadOnlyList<string> names) => new(Labels.Where(label => !names.Contains(label.Name)));

    public bool Equals(LabelSet? other) => other is not null && _key == other._key;

    public override bool Equals(object? obj) => Equals(obj as LabelSet);

    public override int GetHashCode() => _key.GetHashCode(StringComparison.Ordinal);
}
