using Pilotage.Core;
using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Pilotage.Streams;

namespace Pilotage.Runtime;

/// <summary>An ONNX model in the place a pipeline keeps for it.</summary>
/// <remarks>Owns the model. An <see cref="OnnxException"/> of a row passes through to whoever pushed it.</remarks>
public sealed class OnnxInvoker : IModelInvoker, IDisposable
{
    private OnnxInvoker(OnnxModel model) => Model = model;

    /// <summary>The model, for its golden answers and for stopping it.</summary>
    public OnnxModel Model { get; }

    /// <summary>Loads a model and compares it with what the pipeline was compiled against.</summary>
    public static Outcome<OnnxInvoker> Load(ReadOnlyMemory<byte> bytes, OnnxOptions options, ModelSchema schema)
    {
        if (!OnnxModel.Load(bytes, options).TryGet(out var model, out var refusal))
        {
            return refusal;
        }

        if (Mismatch(model, schema) is { } why)
        {
            model.Dispose();
            return new Refusal("runtime.model_does_not_fit", $"The model file does not fit '{schema.Name}' of the pipeline. {why}");
        }

        return new OnnxInvoker(model);
    }

    /// <inheritdoc/>
    public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs) => Model.Run(inputs, outputs);

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    private static string? Mismatch(OnnxModel model, ModelSchema schema)
    {
        if (!model.TakesRows)
        {
            return "It does not take single rows of float32.";
        }

        if (model.RowWidth != schema.Inputs.Count || model.OutputWidth != schema.Outputs.Count)
        {
            return $"It takes {model.RowWidth} values and gives {model.OutputWidth}; the pipeline passes {schema.Inputs.Count} and expects {schema.Outputs.Count}.";
        }

        // Files written elsewhere do not name their columns; there the order is the package's word.
        return ModelProperties.Read(model.Metadata) is { } properties
            ? Difference("input", properties.Inputs, schema.Inputs) ?? Difference("output", properties.Outputs, schema.Outputs)
            : null;
    }

    private static string? Difference(string side, IReadOnlyList<ModelColumn> file, IReadOnlyList<string> pipeline)
    {
        for (var i = 0; i < Math.Min(file.Count, pipeline.Count); i++)
        {
            if (!string.Equals(file[i].Name, pipeline[i], StringComparison.OrdinalIgnoreCase))
            {
                return $"Its {side} {i + 1} is '{file[i].Name}'; the pipeline has '{pipeline[i]}' there.";
            }
        }

        return null;
    }
}
