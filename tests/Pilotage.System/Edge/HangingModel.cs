using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;

namespace Pilotage.System.Edge;

/// <summary>Answers a row of zeros at once, which is all its golden answers ask for, and any other row never.</summary>
internal static class HangingModel
{
    public static byte[] Write()
    {
        var turn = new OnnxGraph("turn")
            .Input("turn", TensorType.Int64).Input("again_before", TensorType.Boolean).Input("before", TensorType.Float32, -1, 2)
            .Output("again", TensorType.Boolean).Output("after", TensorType.Float32, -1, 2)
            .Node("Identity", ["again_before"], ["again"]).Node("Sin", ["before"], ["after"]);
        var graph = new OnnxGraph("hang").Input("input", TensorType.Float32, -1, 2).Output("output", TensorType.Float32, -1, 1)
            .Constant("zero", Tensor.Of([0f])).Constant("many", Tensor.Of([1L << 62])).Constant("sum", Tensor.Of([1f, 1f], 2, 1))
            .Node("Abs", ["input"], ["size"]).Node("ReduceSum", ["size"], ["total"], OnnxAttribute.Of("keepdims", 0L))
            .Node("Equal", ["total", "zero"], ["nothing"]).Node("Not", ["nothing"], ["something"])
            .Node("Cast", ["something"], ["once"], OnnxAttribute.Of("to", (long)TensorType.Int64)).Node("Mul", ["once", "many"], ["turns"])
            .Node("Loop", ["turns", "", "input"], ["state"], OnnxAttribute.Of("body", turn)).Node("MatMul", ["state", "sum"], ["output"]);
        return OnnxWriter.Model(graph, new ModelProperties("wear", "2", [new("fa", "1"), new("fb", "1")], [new("y", "1")]));
    }
}
