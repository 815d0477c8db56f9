using System.Globalization;

namespace Pilotage.Server.Hosting;

/// <summary>Several rows of a list by their numbers, as a parameter has them: <c>17,18</c>.</summary>
internal static class ChosenIds
{
    /// <summary>Most of one request; an address has no room for many more.</summary>
    public const int IdsMax = 500;

    private const int ShownMax = 10;

    /// <summary>The numbers; nothing where none is given.</summary>
    public static Outcome<long[]?> Parse(string name, string? given)
    {
        if (given is null)
        {
            return (Outcome<long[]?>)(long[]?)null;
        }

        var words = given.Split(',', StringSplitOptions.TrimEntries);
        var ids = new long[words.Length];
        foreach (var (word, at) in words.Select((word, at) => (word, at)))
        {
            if (!long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || words.Length > IdsMax)
            {
                return QueryBounds.Refused(name, words.Length > IdsMax
                    ? $"has {words.Length} numbers; {IdsMax} are the most of one request"
                    : $"holds \"{(word.Length <= 40 ? word : word[..40] + "…")}\"; give the id of the list, several with commas");
            }

            ids[at] = id;
        }

        return (Outcome<long[]?>)ids;
    }

    /// <summary>Those that are not there, in order; refused where that is all of them.</summary>
    /// <param name="ids">What was asked for.</param>
    /// <param name="there">What is there of it.</param>
    /// <param name="none">The refusal, by the ids in words.</param>
    public static Outcome<IReadOnlyList<long>> Missing(IReadOnlyList<long> ids, IEnumerable<long> there, Func<string, Refusal> none)
    {
        var found = there.ToHashSet();
        long[] missing = [.. ids.Distinct().Where(id => !found.Contains(id)).Order()];
        return found.Count > 0 ? missing : none(string.Join(" or ", missing.Take(ShownMax)) + (missing.Length > ShownMax ? " or one of the others" : ""));
    }
}
