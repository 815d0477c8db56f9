using System.Text.Json;
using Pilotage.Server.Package;
using Pilotage.Server.Package.Reading;
using Pilotage.Tests.Architecture;
using Xunit;

namespace Pilotage.Tests.Server.Package;

/// <summary>The published schema and the reader know the same keys and the same words.</summary>
public sealed class PackageSchemaTests
{
    // Sections whose keys are names the author makes up; ".*" stands inside a thing description, which has a schema of its own.
    private static readonly string[] AuthorsOwn =
    [
        ".*", "usecase.gates", "rollout.guards", "model.inputs.*", "model.outputs.*", "model.must.*", "site.bind.*", "site.roles.*",
        "site.price.*",
    ];

    private readonly JsonElement _schema =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs/contracts/package.schema.json"))).RootElement.GetProperty("$defs");

    [Fact]
    public void Names_exactly_the_keys_the_reader_asks_for()
    {
        var faults = new PackageFaults();
        Assert.True(PackageReader.Read(SamplePackage.Bytes(SamplePackage.Texts()), "site.yaml", faults).IsOk);

        foreach (var (section, asked) in faults.Asked.Where(a => !AuthorsOwn.Contains(a.Key, StringComparer.Ordinal)))
        {
            var properties = _schema.GetProperty(section).GetProperty("properties").EnumerateObject().Select(p => p.Name);
            Assert.Equal(properties.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Is_closed_against_unknown_keys_wherever_the_reader_is()
    {
        foreach (var definition in _schema.EnumerateObject().Where(d => d.Value.TryGetProperty("properties", out _)))
        {
            var open = definition.Name is "site" or "site.price";
            Assert.True(
                definition.Value.TryGetProperty("additionalProperties", out var additional) && (open || additional.ValueKind == JsonValueKind.False),
                definition.Name);
        }
    }

    [Fact]
    public void Lists_the_same_words()
    {
        Same(KnownWords.Kpis.Keys, "usecase.outcome", "properties", "kpi", "enum");
        Same(KnownWords.BaselineMethods, "usecase.outcome.baseline", "properties", "method", "enum");
        Same(KnownWords.Comparisons, "usecase.outcome", "properties", "compare_with", "items", "enum");
        Same(KnownWords.AlarmAims, "usecase.alarm", "properties", "minimise", "enum");
        Same(KnownWords.Stages, "usecase.gates", "propertyNames", "enum");
        Same(KnownWords.RecipeNumbers.Keys, "model.recipe", "properties", "kind", "enum");
        Same(KnownWords.LabelSources, "model.label", "properties", "from", "enum");
        Same(KnownWords.SplitOrders, "model.split", "properties", "order", "enum");
        Same(KnownWords.Guards, "rollout", "properties", "guards", "propertyNames", "enum");
        Same(KnownWords.OnHalt, "rollout", "properties", "on_halt", "enum");
        Same(KnownWords.EvidenceClasses, "site", "properties", "evidence", "enum");
        Assert.Equal(
            KnownWords.Overridable.Order(StringComparer.Ordinal),
            _schema.GetProperty("site.override").GetProperty("properties").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
    }

    private void Same(IEnumerable<string> words, params string[] path)
    {
        var at = path.Aggregate(_schema, (element, key) => element.GetProperty(key));
        Assert.Equal(words.Order(StringComparer.Ordinal), at.EnumerateArray().Select(w => w.GetString()!).Order(StringComparer.Ordinal));
    }
}
