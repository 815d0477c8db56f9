using System.Text.RegularExpressions;

namespace Pilotage.Server.Package.Reading;

/// <summary>Reads the one form of query an outcome has; columns are checked against the event later, with their place.</summary>
internal static partial class OutcomeQueryReader
{
    public static OutcomeQuery Read(string text, SourceMark at, PackageFaults faults)
    {
        var match = Query().Match(text);
        if (!match.Success)
        {
            faults.Add(at, "from: expected SELECT ts, device, hours FROM stop [WHERE [NOT] planned [AND …]]");
            return new OutcomeQuery(text, "", [], [], at);
        }

        var conditions = match.Groups["condition"].Captures
            .Select(c => c.Value.StartsWith("NOT ", StringComparison.OrdinalIgnoreCase)
                ? new OutcomeCondition(c.Value[4..].Trim(), Negated: true)
                : new OutcomeCondition(c.Value.Trim(), Negated: false));
        return new OutcomeQuery(
            text, match.Groups["event"].Value, [.. match.Groups["column"].Captures.Select(c => c.Value)], [.. conditions], at);
    }

    /// <summary>Faults every column and condition that the event does not carry, at its own place in the text.</summary>
    public static void CheckColumns(OutcomeQuery query, ThingSpec thing, PackageFaults faults)
    {
        if (query.Event.Length == 0)
        {
            return;
        }

        var found = thing.Events.FirstOrDefault(e => e.Name == query.Event);
        if (found is null)
        {
            faults.Add(
                Place(query, query.Event),
                $"{thing.Name} tells no event \"{query.Event}\"; {PackageFaults.Suggest(query.Event, [.. thing.Events.Select(e => e.Name)])}");
            return;
        }

        string[] known = ["ts", "device", .. found.Fields];
        foreach (var column in query.Columns.Concat(query.Conditions.Select(c => c.Field)).Distinct(StringComparer.Ordinal))
        {
            if (!known.Contains(column, StringComparer.Ordinal))
            {
                faults.Add(Place(query, column), $"the event {found.Name} has no column \"{column}\"; {PackageFaults.Suggest(column, known)}");
            }
        }
    }

    // The query is one plain scalar on one line, so a word's place follows from the scalar's.
    private static SourceMark Place(OutcomeQuery query, string word)
    {
        var offset = Regex.Match(query.Text, $@"\b{Regex.Escape(word)}\b", RegexOptions.None, TimeSpan.FromSeconds(1)).Index;
        return query.At with { Column = query.At.Column + offset };
    }

    [GeneratedRegex(
        @"^SELECT\s+(?<column>\w+)(\s*,\s*(?<column>\w+))*\s+FROM\s+(?<event>\w+)(\s+WHERE\s+(?<condition>(NOT\s+)?\w+)(\s+AND\s+(?<condition>(NOT\s+)?\w+))*)?\s*$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Query();
}
