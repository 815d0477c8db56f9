using System.Text.RegularExpressions;
using Xunit;

namespace Pilotage.Tests.Architecture;

/// <summary>A module calls only the contracts of the modules before it, and touches only its own tables.</summary>
public sealed partial class ServerModuleTests
{
    private static readonly string[] Order = ["Access", "Fleet", "Fabric", "Models", "Rollouts", "Portfolio", "Council", "Market"];

    // The composition root: start-up knows every module's two doors, the HTTP frame puts the access gate before them, the API
    // document names what all of them answer with.
    private static readonly string[] Composition =
    [
        "src/Pilotage.Server/Hosting/ServerHost.cs", "src/Pilotage.Server/Hosting/HttpFrame.cs", "src/Pilotage.Server/Hosting/Description/ApiWords.cs",
    ];

    public static TheoryData<string> Modules =>
        [.. Order.Where(m => Directory.Exists(Path.Combine(Repository.Root, "src/Pilotage.Server", m)))];

    [Theory]
    [MemberData(nameof(Modules))]
    public void Calls_only_contracts_of_modules_before_it(string module)
    {
        var place = Array.IndexOf(Order, module);
        foreach (var file in Repository.Files($"src/Pilotage.Server/{module}", "*.cs"))
        {
            foreach (var (other, rest) in Mentions(File.ReadAllText(file)))
            {
                var otherPlace = Array.IndexOf(Order, other);
                var allowed = otherPlace < 0 || otherPlace == place
                    || (otherPlace < place && rest.StartsWith(".Contracts", StringComparison.Ordinal));
                Assert.True(allowed, $"{Repository.Relative(file)} mentions Pilotage.Server.{other}{rest}");
            }
        }
    }

    [Fact]
    public void The_frame_knows_no_module_but_the_contracts_of_access()
    {
        var rooms = Directory.GetDirectories(Path.Combine(Repository.Root, "src/Pilotage.Server"))
            .Select(d => Path.GetFileName(d)!)
            .Except(Order, StringComparer.Ordinal);
        foreach (var file in rooms.SelectMany(r => Repository.Files($"src/Pilotage.Server/{r}", "*.cs")))
        {
            if (Composition.Contains(Repository.Relative(file), StringComparer.Ordinal))
            {
                continue;
            }

            foreach (var (other, rest) in Mentions(File.ReadAllText(file)).Where(m => Order.Contains(m.Module, StringComparer.Ordinal)))
            {
                Assert.True(
                    other == "Access" && rest.StartsWith(".Contracts", StringComparison.Ordinal),
                    $"{Repository.Relative(file)} mentions Pilotage.Server.{other}{rest}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void Touches_only_tables_of_its_own_prefix(string module)
    {
        var sources = Repository.Files($"src/Pilotage.Server/{module}", "*.cs")
            .Concat(Repository.Files($"src/Pilotage.Server/{module}", "*.sql"));
        foreach (var file in sources)
        {
            foreach (Match table in Table().Matches(File.ReadAllText(file)))
            {
                Assert.True(
                    table.Groups["prefix"].Value.Equals(module, StringComparison.OrdinalIgnoreCase),
                    $"{Repository.Relative(file)} touches the table {table.Groups["table"].Value}");
            }
        }
    }

    [Fact]
    public void Migrations_are_numbered_without_gaps()
    {
        foreach (var folder in Directory.GetDirectories(Path.Combine(Repository.Root, "src/Pilotage.Server"), "Migrations", SearchOption.AllDirectories))
        {
            var numbers = Directory.GetFiles(folder, "*.sql").Select(f => int.Parse(Path.GetFileName(f)[..4])).Order().ToList();
            Assert.Equal(Enumerable.Range(1, numbers.Count), numbers);
        }
    }

    private static IEnumerable<(string Module, string Tail)> Mentions(string source) =>
        Mention().Matches(source).Select(m => (m.Groups["module"].Value, m.Groups["rest"].Value));

    [GeneratedRegex(@"Pilotage\.Server\.(?<module>[A-Z]\w+)(?<rest>(\.\w+)*)")]
    private static partial Regex Mention();

    [GeneratedRegex(@"\b(?:FROM|JOIN|INTO|UPDATE|TABLE(?: IF NOT EXISTS)?)\s+(?<table>(?<prefix>access|fleet|fabric|models|rollouts|portfolio)_\w+)")]
    private static partial Regex Table();
}
