using System.Globalization;
using System.Reflection;
using System.Text;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Conformance;

/// <summary>Compares the clauses that tests name with those the standard has, and writes down what is open.</summary>
public sealed class ClauseReport(ITestOutputHelper output)
{
    private const string PathVariable = "PILOTAGE_CONFORMANCE_REPORT";

    [Fact]
    public void Every_clause_that_a_test_names_exists_and_none_is_both_tested_and_refused()
    {
        var all = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Mqtt", "clauses.txt"))
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split('\t'))
            .ToDictionary(parts => parts[0], parts => parts.Length > 1 ? parts[1] : "");
        var tested = Tested().Where(id => id.StartsWith("MQTT-", StringComparison.Ordinal)).ToHashSet();
        Assert.Empty(tested.Except(all.Keys));
        Assert.DoesNotContain(tested, id => all[id].StartsWith("refused", StringComparison.Ordinal));

        var report = Write(all, tested);
        output.WriteLine(report);
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } path)
        {
            File.WriteAllText(path, report);
        }
    }

    private static IEnumerable<string> Tested() => typeof(ClauseReport).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods())
        .SelectMany(method => method.GetCustomAttributes<ClauseAttribute>())
        .Select(clause => clause.Id);

    private static string Write(Dictionary<string, string> all, HashSet<string> tested)
    {
        var refused = all.Where(c => c.Value.StartsWith("refused", StringComparison.Ordinal)).ToList();
        var clients = all.Where(c => c.Value == "client" && !tested.Contains(c.Key)).ToList();
        var open = all.Keys.Where(id => all[id].Length == 0 && !tested.Contains(id)).ToList();
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"MQTT 5.0: {all.Count} clauses, {tested.Count} covered by a test of their own, {refused.Count} do not arise, "
            + $"{clients.Count} bind clients alone, {open.Count} open (held, if at all, by tests of other clauses).");
        foreach (var (id, why) in refused)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {id}  {why}");
        }

        return text.AppendLine(CultureInfo.InvariantCulture, $"  open: {string.Join(' ', open)}").ToString();
    }
}
