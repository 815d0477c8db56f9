using Pilotage.Core.Units;

namespace Pilotage.Server.Package.Reading;

/// <summary>Collects everything that is wrong with a package, so that one reading shows all of it.</summary>
internal sealed class PackageFaults
{
    private const int FaultsMax = 50;
    private readonly List<RefusalDetail> _faults = [];

    /// <summary>Every key the readers asked for, by section; what the JSON schema is held against.</summary>
    public SortedDictionary<string, SortedSet<string>> Asked { get; } = new(StringComparer.Ordinal);

    public bool Any => _faults.Count > 0;

    /// <summary>One fault: what is wrong and why, and what to do about it.</summary>
    public void Add(SourceMark at, string what)
    {
        if (_faults.Count < FaultsMax)
        {
            _faults.Add(new RefusalDetail(at.ToString(), what));
        }
    }

    public void Add(string where, string what)
    {
        if (_faults.Count < FaultsMax)
        {
            _faults.Add(new RefusalDetail(where, what));
        }
    }

    /// <summary>A word out of a known set, or a fault with the nearest that exists.</summary>
    public void CheckWord(SourceMark at, string what, string word, IEnumerable<string> known)
    {
        var words = known.ToList();
        if (!words.Contains(word, StringComparer.Ordinal))
        {
            Add(at, $"{what} \"{word}\" is unknown; {Suggest(word, words)}");
        }
    }

    /// <summary>A UCUM unit that, where a dimension is wanted, converts to <paramref name="to"/>.</summary>
    public void CheckUnit(SourceMark at, string unit, string? to = null)
    {
        if (!Ucum.Parse(unit).TryGet(out var parsed, out var refusal))
        {
            Add(at, refusal.Message);
        }
        else if (to is not null && !parsed.ConvertsTo(Ucum.Parse(to).Value))
        {
            Add(at, $"the unit \"{unit}\" does not convert to \"{to}\"; write a unit of the same kind");
        }
    }

    public Refusal ToRefusal(string code = "package.invalid")
    {
        var first = _faults[0];
        var more = _faults.Count > 1 ? $" (and {_faults.Count - 1} more)" : "";
        return new Refusal(code, $"{first.Where}: {first.Message}{more}") { Details = _faults };
    }

    /// <summary><c>did you mean X?</c> when something is near, else what there is.</summary>
    public static string Suggest(string word, IReadOnlyCollection<string> known)
    {
        if (known.Count == 0)
        {
            return "none is known here";
        }

        var nearest = known.OrderBy(k => Distance(word, k)).FirstOrDefault();
        return nearest is not null && Distance(word, nearest) <= Math.Max(2, word.Length / 3)
            ? $"did you mean \"{nearest}\"?"
            : $"known: {string.Join(", ", known.Take(16))}";
    }

    // Levenshtein; the words are short keys.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
