using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pilotage.Learning.Export;

/// <summary>One column of a model: its name in the pipeline and its UCUM unit.</summary>
public sealed record ModelColumn(string Name, string Unit);

/// <summary>What a model file says about itself, in <c>metadata_props</c> under <c>pilotage.</c></summary>
/// <param name="Model">The model's name.</param>
/// <param name="Version">Its version in the registry.</param>
/// <param name="Inputs">The columns of its input tensor, in order.</param>
/// <param name="Outputs">The columns of its output tensor, in order.</param>
public sealed record ModelProperties(
    string Model, string Version, IReadOnlyList<ModelColumn> Inputs, IReadOnlyList<ModelColumn> Outputs)
{
    private const string Prefix = "pilotage.";

    /// <summary>Digest of the dataset it was fitted on; empty when there is none.</summary>
    public string Dataset { get; init; } = "";

    /// <summary>The training run that made it; empty when there is none.</summary>
    public string Run { get; init; } = "";

    /// <summary>Names of the classes, of a classifier.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Reads them back out of a model's metadata; null when they are not there or not whole.</summary>
    public static ModelProperties? Read(IReadOnlyDictionary<string, string> metadata)
    {
        string? Text(string key) => metadata.GetValueOrDefault(Prefix + key);
        var (model, version) = (Text("model"), Text("version"));
        var (inputs, outputs) = (Columns(metadata, "input"), Columns(metadata, "output"));
        if (model is null || version is null || inputs is null || outputs is null)
        {
            return null;
        }

        return new ModelProperties(model, version, inputs, outputs)
        {
            Dataset = Text("dataset") ?? "",
            Run = Text("run") ?? "",
            Classes = Names(metadata, "classes") ?? [],
        };
    }

    /// <summary>The properties as keys and values, sorted, so that equal properties give equal bytes.</summary>
    internal SortedDictionary<string, string> Write()
    {
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [Prefix + "model"] = Model,
            [Prefix + "version"] = Version,
        };
        void Add(string key, string value)
        {
            if (value.Length > 0)
            {
                metadata[Prefix + key] = value;
            }
        }

        Add("dataset", Dataset);
        Add("run", Run);
        Add("classes", Classes.Count > 0 ? Json(Classes) : "");
        foreach (var (side, columns) in new[] { ("input", Inputs), ("output", Outputs) })
        {
            Add(side + ".names", Json([.. columns.Select(column => column.Name)]));
            foreach (var column in columns)
            {
                metadata[$"{Prefix}{side}.unit.{column.Name}"] = column.Unit;
            }
        }

        return metadata;
    }

    private static string Json(IReadOnlyList<string> names) =>
        JsonSerializer.Serialize([.. names], ModelPropertiesJson.Default.StringArray);

    private static string[]? Names(IReadOnlyDictionary<string, string> metadata, string key)
    {
        try
        {
            return metadata.TryGetValue(Prefix + key, out var text)
                ? JsonSerializer.Deserialize(text, ModelPropertiesJson.Default.StringArray)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ModelColumn[]? Columns(IReadOnlyDictionary<string, string> metadata, string side)
    {
        string Unit(string name) => metadata.GetValueOrDefault($"{Prefix}{side}.unit.{name}", "");
        return Names(metadata, side + ".names")?.Select(name => new ModelColumn(name, Unit(name))).ToArray();
    }
}

/// <summary>Serialisation without reflection.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class ModelPropertiesJson : JsonSerializerContext;
