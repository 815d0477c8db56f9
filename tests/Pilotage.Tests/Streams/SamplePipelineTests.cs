using System.Text.Json;
using Pilotage.Streams;
using Pilotage.Tests.Architecture;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Pilotage.Tests.Streams;

/// <summary>The pipelines of the sample packages against their own things and models, units included.</summary>
public sealed class SamplePipelineTests
{
    [Theory]
    [InlineData("predictive-maintenance", "regimes, rul")]
    [InlineData("pump-bearings", "rul")]
    public void A_sample_compiles(string sample, string models)
    {
        var folder = Path.Combine(Repository.Root, "samples", sample);
        var outcome = PipelineCompiler.Compile(
            File.ReadAllText(Path.Combine(folder, "pipeline.sql")),
            [.. Directory.GetFiles(Path.Combine(folder, "things")).Select(Thing)],
            [.. Directory.GetFiles(Path.Combine(folder, "models")).Select(Model)],
            new Dictionary<string, double> { ["alarm_below"] = 10 });
        Assert.True(outcome.IsOk, outcome.IsOk ? "" : outcome.Refusal.ToString());
        Assert.Equal(models, string.Join(", ", outcome.Value.Models.Select(model => model.Name)));
        Assert.Single(outcome.Value.AlertKinds);
    }

    private static ThingSchema Thing(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        var name = Path.GetFileName(file).Split('.')[0];
        return new(name, [.. document.RootElement.GetProperty("properties").EnumerateObject().Select(property =>
            new ThingProperty(property.Name, property.Value.TryGetProperty("unit", out var unit) ? unit.GetString() : null))]);
    }

    private static ModelSchema Model(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(file)));
        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        var (inputs, inputUnits) = Columns(root, "inputs");
        var (outputs, outputUnits) = Columns(root, "outputs");
        return new(root["name"].ToString(), inputs, outputs) { InputUnits = inputUnits, OutputUnits = outputUnits };
    }

    private static (string[] Names, string[] Units) Columns(YamlMappingNode root, string key)
    {
        var columns = ((YamlMappingNode)root[key]).Children;
        return ([.. columns.Keys.Select(name => name.ToString())], [.. columns.Values.Select(unit => unit.ToString())]);
    }
}
