using System.Globalization;

namespace Pilotage.Server.Hosting;

/// <summary>Several rows of a list by their numbers, as a parameter has them: <c>17,18</c>.</summary>
internal static class ChosenIds
{
    /// <summary>Most of one request; an address has no room for many more.</summary>
    public const int IdsMax = 500;

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
}
