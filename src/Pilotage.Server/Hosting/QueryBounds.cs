namespace Pilotage.Server.Hosting;

/// <summary>Parameters of a query: what lies outside of what is served is refused by name, never bent into the range.</summary>
internal static class QueryBounds
{
    private const int NameCharsShown = 60;

    /// <summary>The number asked for, or <paramref name="standard"/> when none is.</summary>
    public static Outcome<int> Within(string name, int? given, int standard, int least, int most) => given switch
    {
        null => standard,
        { } number when number >= least && number <= most => number,
        _ => Refused(name, $"is {given}; give {least} to {most}, or leave it out for {standard}"),
    };

    /// <summary>How many items a page may hold, one at least.</summary>
    public static Outcome<int> Limit(int? given, int standard, int most) => Within("limit", given, standard, 1, most);

    /// <summary>A place in a list that is counted, from zero on.</summary>
    public static Outcome<long> Place(string name, long? given, long standard) => given is < 0
        ? Refused(name, $"is {given}; give what the page before said, or leave it out to begin at the start")
        : given ?? standard;

    /// <summary>The refusal of a cursor that no page of this list ever gave.</summary>
    public static Refusal BadCursor(string? given) =>
        Refused("cursor", $"is \"{given}\"; give the nextCursor of the page before, or leave it out to begin at the start");

    /// <summary>One of a few words, or nothing.</summary>
    public static Outcome<string?> OneOf(string name, string? given, IReadOnlyList<string> words) =>
        given is null || words.Contains(given)
            ? given
            : Refused(name, $"is \"{given}\"; give one of {string.Join(", ", words)}, or leave it out for all");

    /// <summary>The refusal of a parameter that the route does not know.</summary>
    public static Refusal Unknown(string name, IReadOnlyList<string> known)
    {
        var shown = name.Length <= NameCharsShown ? name : name[..NameCharsShown] + "…";
        var takes = known.Count == 0 ? "this route takes none" : $"this route knows {string.Join(", ", known)}";
        return new("request.query", $"\"{shown}\" is no parameter here; {takes}.") { Details = [new(shown, $"is not known; {takes}")] };
    }

    /// <summary>The refusal of one parameter.</summary>
    public static Refusal Refused(string name, string says) =>
        new("request.query", $"{name} {says}.") { Details = [new(name, says)] };
}
