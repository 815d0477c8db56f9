using System.Text.RegularExpressions;
using Xunit;

namespace Pilotage.Tests.Architecture;

/// <summary>Small things that are cheap to hold and dear to restore.</summary>
public sealed partial class TidyTests
{
    private const int LinesMax = 700;
    private const int ColumnsMax = 240;

    // Files that may be longer, each with its reason; empty is the wish.
    private static readonly Dictionary<string, string> Longer = new(StringComparer.Ordinal);

    // Words that name nothing a person at the plant would say, and words the product replaced by better ones.
    private static readonly string[] BannedTypeWords = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Processor"];

    private static IEnumerable<string> Sources => Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs"));

    [Fact]
    public void No_file_is_longer_than_anyone_reads()
    {
        var long_ = Sources.Where(f => File.ReadLines(f).Count() > LinesMax && !Longer.ContainsKey(Repository.Relative(f)));
        Assert.Empty(long_.Select(Repository.Relative));
    }

    [Fact]
    public void No_line_runs_off_the_screen()
    {
        var wide = Sources.SelectMany(f => File.ReadLines(f)
            .Select((line, i) => (File: f, Number: i + 1, line.Length))
            .Where(l => l.Length > ColumnsMax));
        Assert.Empty(wide.Select(l => $"{Repository.Relative(l.File)}:{l.Number} has {l.Length} columns"));
    }

    [Fact]
    public void A_postponed_thought_carries_its_issue_number()
    {
        var self = Path.Combine(Repository.Root, "tests/Pilotage.Tests/Architecture/TidyTests.cs");
        var open = Sources.Where(f => f != self).SelectMany(f => File.ReadLines(f)
            .Select((line, i) => (File: f, Number: i + 1, Line: line))
            .Where(l => Postponed().IsMatch(l.Line)));
        Assert.Empty(open.Select(l => $"{Repository.Relative(l.File)}:{l.Number} {l.Line.Trim()}"));
    }

    [Fact]
    public void No_type_is_named_by_a_word_that_says_nothing()
    {
        var empty = Repository.Files("src", "*.cs").SelectMany(f => TypeName().Matches(File.ReadAllText(f))
            .Select(m => m.Groups["name"].Value)
            .Where(n => BannedTypeWords.Any(w => n.EndsWith(w, StringComparison.Ordinal)))
            .Select(n => $"{Repository.Relative(f)}: {n}"));
        Assert.Empty(empty);
    }

    [Fact]
    public void No_source_throws_not_implemented()
    {
        var word = "NotImplemented" + "Exception";
        Assert.Empty(Sources.Where(f => File.ReadAllText(f).Contains(word, StringComparison.Ordinal)).Select(Repository.Relative));
    }

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b(?!\(#\d+\))")]
    private static partial Regex Postponed();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record(?: struct| class)?)\s+(?<name>[A-Z]\w+)")]
    private static partial Regex TypeName();
}
