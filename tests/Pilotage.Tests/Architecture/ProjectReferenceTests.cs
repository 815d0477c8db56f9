using System.Xml.Linq;
using Xunit;

namespace Pilotage.Tests.Architecture;

/// <summary>Who may know whom; the table stands in ARCHITECTURE.md.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly string[] Engines = ["Protocols", "Trust", "TimeSeries", "Streams", "Learning"];

    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Core"] = [],
        ["Protocols"] = ["Core"],
        ["Trust"] = ["Core"],
        ["TimeSeries"] = ["Core"],
        ["Streams"] = ["Core"],
        ["Learning"] = ["Core"],
        ["Broker"] = ["Core", "Protocols", "Trust"],
        ["Sdk"] = ["Core", "Protocols", "Trust"],
        ["Runtime"] = ["Core", "Streams", "Learning", "TimeSeries"],
        ["Edge"] = ["Core", .. Engines, "Runtime", "Broker", "Sdk"],
        ["Server"] = ["Core", .. Engines, "Runtime", "Broker", "Sdk"],
        ["Cli"] = ["Core", "Learning", "Sdk", "Server", "Edge"],
    };

    public static TheoryData<string> Projects =>
        [.. Repository.Files("src", "*.csproj").Select(f => Path.GetFileNameWithoutExtension(f)["Pilotage.".Length..])];

    [Theory]
    [MemberData(nameof(Projects))]
    public void References_only_what_the_table_allows(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"{project} is not in the table: say its room in five words first.");
        var file = XDocument.Load(Path.Combine(Repository.Root, "src", $"Pilotage.{project}", $"Pilotage.{project}.csproj"));
        var references = file.Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/'))["Pilotage.".Length..]);
        Assert.Empty(references.Except(Allowed[project], StringComparer.Ordinal));
    }

    [Fact]
    public void Core_depends_on_nothing_but_the_base_class_library()
    {
        var file = XDocument.Load(Path.Combine(Repository.Root, "src/Pilotage.Core/Pilotage.Core.csproj"));
        Assert.Empty(file.Descendants("PackageReference"));
        Assert.Empty(file.Descendants("FrameworkReference"));
    }

    [Fact]
    public void Transitive_references_stay_off_so_that_every_edge_is_visible()
    {
        var props = File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props"));
        Assert.Contains("<DisableTransitiveProjectReferences>true<", props, StringComparison.Ordinal);
        foreach (var project in Repository.Files("src", "*.csproj"))
        {
            Assert.DoesNotContain("DisableTransitiveProjectReferences", File.ReadAllText(project), StringComparison.Ordinal);
        }
    }
}
