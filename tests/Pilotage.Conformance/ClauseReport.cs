using System.Globalization;
using System.Reflection;
using System.Text;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Conformance;

/// <summary>Compares the clauses that tests name with those the standards have, and writes down what is open.</summary>
public sealed class ClauseReport(ITestOutputHelper output)
{
    private const string PathVariable = "PILOTAGE_CONFORMANCE_REPORT";
    private const string OlderMark = "3.1.1 ";

    // What a clause without a test may be, as the lists of clauses say it, and what that means.
    private static readonly (string Kind, string Meaning)[] Kinds =
    [
        ("refused", "refused by choice"),
        ("moot", "about servers that lack what this one has"),
        ("client", "bind clients alone"),
    ];

    [Fact]
    public void Every_clause_is_tested_or_says_why_not_and_every_clause_that_a_test_names_exists()
    {
        var named = Named();
        var report = new StringBuilder();
        foreach (var (version, mark) in (ReadOnlySpan<(string, string)>)[("5.0", ""), ("3.1.1", OlderMark)])
        {
            var clauses = Clauses(version);
            var tested = named.Where(id => id.StartsWith(mark + "MQTT-", StringComparison.Ordinal))
                .Select(id => id[mark.Length..])
                .ToHashSet();
            Assert.Empty(tested.Except(clauses.Keys));
            Assert.DoesNotContain(tested, id => clauses[id].Kind.Length > 0);
            var open = clauses.Where(c => c.Value.Kind.Length == 0 && !tested.Contains(c.Key)).Select(c => c.Key).ToList();
            Write(report, version, clauses, tested.Count, open);
            Assert.Empty(open);
        }

        output.WriteLine(report.ToString());
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } path)
        {
            File.WriteAllText(path, report.ToString());
        }
    }

    private static HashSet<string> Named() => typeof(ClauseReport).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods())
        .SelectMany(method => method.GetCustomAttributes<ClauseAttribute>())
        .SelectMany(clause => clause.Ids)
        .ToHashSet();

    private static Dictionary<string, (string Kind, string Why)> Clauses(string version) =>
        File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Mqtt", $"clauses-{version}.txt"))
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split('\t'))
            .ToDictionary(parts => parts[0], parts => parts.Length > 1 ? Reason(parts[1]) : ("", ""));

    private static (string Kind, string Why) Reason(string text)
    {
        var parts = text.Split(": ", 2);
        Assert.Contains(parts[0], Kinds.Select(kind => kind.Kind));
        Assert.Equal(2, parts.Length);
        return (parts[0], parts[1]);
    }

    private static void Write(
        StringBuilder report,
        string version,
        Dictionary<string, (string Kind, string Why)> clauses,
        int tested,
        List<string> open)
    {
        var kinds = Kinds.Select(kind => $"{clauses.Count(c => c.Value.Kind == kind.Kind)} {kind.Meaning}");
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"MQTT {version}: {clauses.Count} clauses, {tested} covered by a test, {string.Join(", ", kinds)}, "
            + $"{open.Count} open.");
        foreach (var (id, (kind, why)) in clauses.Where(c => c.Value.Kind.Length > 0))
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"  {id}  {kind}: {why}");
        }

        if (open.Count > 0)
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"  open: {string.Join(' ', open)}");
        }
    }
}
