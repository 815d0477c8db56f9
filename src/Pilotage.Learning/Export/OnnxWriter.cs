using Pilotage.Learning.Boosting;
using Pilotage.Learning.Onnx;
using Pilotage.Learning.Regimes;

namespace Pilotage.Learning.Export;

/// <summary>Writes what was trained here as ONNX models: one file each, equal bytes for equal models.</summary>
/// <remarks>
/// Each takes one float32 tensor <c>input</c> [rows, columns] and answers one, <c>output</c> [rows, columns]; rows is free.
/// IR version 8 with operator sets 17 and ai.onnx.ml 3 is read by every ONNX Runtime since 1.13.
/// </remarks>
public static class OnnxWriter
{
    public const string Input = "input";
    public const string Output = "output";
    private const int IrVersion = 8;
    private const int StandardOperators = 17;
    private const int MachineLearningOperators = 3;
    private const string MachineLearning = "ai.onnx.ml";

    /// <summary>A whole model around a graph.</summary>
    public static byte[] Model(OnnxGraph graph, ModelProperties properties)
    {
        var model = new ProtoWriter().Number(1, IrVersion).Text(2, "pilotage").Text(3, ProducerVersion);
        if (long.TryParse(properties.Version, out var version) && version > 0)
        {
            model.Number(5, version);
        }

        model.Message(7, graph.Message());
        model.Message(8, new ProtoWriter().Text(1, "").Number(2, StandardOperators));
        model.Message(8, new ProtoWriter().Text(1, MachineLearning).Number(2, MachineLearningOperators));
        foreach (var (key, value) in properties.Write())
        {
            model.Message(14, new ProtoWriter().Text(1, key).Text(2, value));
        }

        return model.Written.ToArray();
    }

    /// <summary>Boosted trees as one <c>TreeEnsembleRegressor</c>; on one thread it answers as <c>Predict</c> does, bit for bit.</summary>
    public static byte[] TreeEnsemble(BoostedTrees trees, ModelProperties properties)
    {
        CheckColumns(properties, trees.Features, 1);
        var graph = new OnnxGraph(properties.Model)
            .Input(Input, TensorType.Float32, -1, trees.Features)
            .Output(Output, TensorType.Float32, -1, 1)
            .Node(MachineLearning, "TreeEnsembleRegressor", [Input], [Output], TreeAttributes.Of(trees));
        return Model(graph, properties);
    }

    /// <summary>
    /// A regime normaliser; its input columns are the settings, then the sensors, its output columns the sensors.
    /// </summary>
    public static byte[] Regimes(RegimeNormalizer regimes, ModelProperties properties)
    {
        CheckColumns(properties, regimes.Settings + regimes.Sensors, regimes.Sensors);
        return Model(RegimeGraph.Of(regimes, properties.Model), properties);
    }

    private static string ProducerVersion => typeof(OnnxWriter).Assembly.GetName().Version?.ToString(3) ?? "0";

    private static void CheckColumns(ModelProperties properties, int inputs, int outputs)
    {
        if (properties.Inputs.Count != inputs || properties.Outputs.Count != outputs)
        {
            throw new ArgumentException(
                $"The model has {inputs} inputs and {outputs} outputs; {properties.Inputs.Count} and {properties.Outputs.Count} are named.",
                nameof(properties));
        }
    }
}
