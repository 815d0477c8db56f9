using System.Text.RegularExpressions;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>What a scraper reads and what docs/reference/metrics.md promises are the same names, types and labels.</summary>
public sealed partial class MetricsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // What would make a series for each of them.
    private static readonly string[] Unbounded = ["device", "client", "topic", "tenant", "path"];
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-metrics-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_name_is_documented_and_every_documented_name_is_there_from_the_start()
    {
        await using var server = await ServerProcess.StartAsync(_folder);
        var documented = await DocumentedAsync();
        Assert.Equal(documented.Select(metric => $"{metric.Name} {metric.Type}"), Types(await ReadAsync(server)));

        // A message taken, and a client that is refused, so that there are labels to look at.
        await PublishAsync(server, "default/lyon/my-pi/_tele", "5");
        await PublishAsync(server, "nothing/of/ours", "5");
        var text = await ReadAsync(server);
        Assert.Contains("pilotage_broker_messages_received_total{qos=\"1\"} ", text, StringComparison.Ordinal);
        foreach (Match sample in Sample().Matches(text))
        {
            var name = sample.Groups["name"].Value;
            var metric = Assert.Single(documented, one => name == one.Name || name == one.Name + "_sum" || name == one.Name + "_count");
            var labels = Label().Matches(sample.Groups["labels"].Value).Select(label => label.Groups["name"].Value).ToList();
            Assert.True(labels.Order().SequenceEqual(metric.Labels.Order()), $"{sample.Value} has other labels than are documented: {string.Join(", ", metric.Labels)}");
            Assert.Empty(labels.Intersect(Unbounded));
        }
    }

    [Fact]
    public async Task Names_are_made_as_names_are_made()
    {
        foreach (var (name, type, unit, _) in await DocumentedAsync())
        {
            Assert.Matches("^pilotage_[a-z]+(_[a-z]+)+$", name);
            Assert.Equal(type == "counter", name.EndsWith("_total", StringComparison.Ordinal));
            Assert.True(unit is not ("seconds" or "bytes") || name.Contains($"_{unit}", StringComparison.Ordinal), $"{name} does not say its unit, {unit}");
            Assert.DoesNotContain("milli", name, StringComparison.Ordinal);
        }
    }

    private static async Task<string> ReadAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Door.Http };
        return await http.GetStringAsync("/metrics").WaitAsync(Patience);
    }

    private static IEnumerable<string> Types(string text) => TypeLine().Matches(text).Select(line => line.Groups["it"].Value).Order(StringComparer.Ordinal);

    /// <summary>The rows of the table.</summary>
    private static async Task<List<(string Name, string Type, string Unit, string[] Labels)>> DocumentedAsync()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Root(), "docs/reference/metrics.md"));
        var rows = Row().Matches(text).Select(row => (
            row.Groups["name"].Value,
            row.Groups["type"].Value,
            row.Groups["unit"].Value,
            Word().Matches(row.Groups["labels"].Value).Select(word => word.Groups["it"].Value).ToArray())).ToList();
        Assert.True(rows.Count > 15, "the table was not found");
        return [.. rows.OrderBy(row => row.Item1, StringComparer.Ordinal)];
    }

    private static async Task PublishAsync(ServerProcess server, string topic, string payload)
    {
        await using var client = ChildProcess.Start(
            "mosquitto_pub", ["-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", $"{server.Door.MqttPort}", "-i", "my-pi", "-t", topic, "-m", payload]);
        await client.EndAsync().WaitAsync(Patience);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Pilotage.slnx")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"^\| `(?<name>pilotage_\w+)` \| (?<type>\w+) \| (?<unit>[\w-]+) \| (?<labels>[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<it>[^`]+)`")]
    private static partial Regex Word();

    [GeneratedRegex("^# TYPE (?<it>.+)$", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^(?<name>pilotage_\w+)(?<labels>\{[^}]*\})? ", RegexOptions.Multiline)]
    private static partial Regex Sample();

    [GeneratedRegex("(?<name>[a-z]+)=\"")]
    private static partial Regex Label();
}
