namespace Pilotage.Load;

/// <summary>The <c>--name value</c> pairs given after the bench's name.</summary>
internal sealed class BenchArguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Reads the pairs; a flag without a value counts as <c>true</c>.</summary>
    public static BenchArguments Parse(IReadOnlyList<string> args)
    {
        var parsed = new BenchArguments();
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                continue;
            }

            var hasValue = i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            parsed._values[args[i][2..]] = hasValue ? args[++i] : "true";
        }

        return parsed;
    }

    /// <summary>The value given, or the default.</summary>
    public string Get(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);
}
