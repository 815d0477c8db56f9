using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;

namespace Pilotage.Cli.Demo;

/// <summary>
/// A valid ONNX model that answers a row of zeros at once and any other row never: the kind of fault that passes its
/// golden answers and shows on live data only.
/// </summary>
/// <remarks>
/// A Loop of 2^62 turns, each multiplying the state by a matrix and taking its sine, so nothing can be folded away; at
/// a microsecond a turn it ends in 146,000 years.
/// </remarks>
internal static class HangingModel
{
    private const long Turns = 1L << 62;

    /// <summary>Writes the model with the columns of the one it pretends to replace.</summary>
    public static byte[] Write(ModelProperties properties)
    {
        var (inputs, outputs) = (properties.Inputs.Count, properties.Outputs.Count);
        var graph = new OnnxGraph(properties.Model)
            .Input(OnnxWriter.Input, TensorType.Float32, -1, inputs)
            .Output(OnnxWriter.Output, TensorType.Float32, -1, outputs)
            .Constant("zero", Tensor.Of([0f]))
            .Constant("many", Tensor.Of([Turns]))
            .Constant("mix", Filled(inputs, inputs))
            .Constant("collect", Filled(inputs, outputs))
            .Node("Abs", [OnnxWriter.Input], ["size"])
            .Node("ReduceSum", ["size"], ["total"], OnnxAttribute.Of("keepdims", 0L))
            .Node("Equal", ["total", "zero"], ["nothing"])
            .Node("Not", ["nothing"], ["something"])
            .Node("Cast", ["something"], ["once"], OnnxAttribute.Of("to", (long)TensorType.Int64))
            .Node("Mul", ["once", "many"], ["turns"])
            .Node("Loop", ["turns", "", OnnxWriter.Input], ["state"], OnnxAttribute.Of("body", Turn(inputs)))
            .Node("MatMul", ["state", "collect"], [OnnxWriter.Output]);
        return OnnxWriter.Model(graph, properties);
    }

    private static OnnxGraph Turn(int inputs) => new OnnxGraph("turn")
        .Input("turn", TensorType.Int64)
        .Input("again_before", TensorType.Boolean)
        .Input("state_before", TensorType.Float32, -1, inputs)
        .Output("again", TensorType.Boolean)
        .Output("state_after", TensorType.Float32, -1, inputs)
        .Node("Identity", ["again_before"], ["again"])
        .Node("MatMul", ["state_before", "mix"], ["mixed"])
        .Node("Sin", ["mixed"], ["state_after"]);

    private static Tensor Filled(int rows, int columns)
    {
        var matrix = new Tensor(TensorType.Float32, rows, columns);
        matrix.As<float>().Fill(1f / rows);
        return matrix;
    }
}
