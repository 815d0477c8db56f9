using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;

namespace Pilotage.Tests.Learning;

/// <summary>Models of a few nodes, made on the spot.</summary>
internal static class TinyModels
{
    public static readonly ModelProperties Properties = new(
        "tiny", "3", [new("a", "mm/s"), new("b", "K"), new("c", "%")], [new("y", "d")])
    {
        Dataset = "sha256:" + new string('a', 64),
        Run = "run_1",
    };

    /// <summary>output = input × weights + 0.5; three inputs, one output.</summary>
    public static byte[] Affine(float w0 = 1, float w1 = 10, float w2 = 100) => OnnxWriter.Model(
        new OnnxGraph("affine")
            .Input("input", TensorType.Float32, -1, 3)
            .Output("output", TensorType.Float32, -1, 1)
            .Constant("weights", Tensor.Of([w0, w1, w2], 3, 1))
            .Constant("bias", Tensor.Of([0.5f], 1))
            .Node("MatMul", ["input", "weights"], ["product"])
            .Node("Add", ["product", "bias"], ["output"]),
        Properties);

    /// <summary>Never ends by itself and cannot be folded: each turn depends on the one before and on the input.</summary>
    public static byte[] Endless()
    {
        var body = new OnnxGraph("turn")
            .Input("turn", TensorType.Int64)
            .Input("again_in", TensorType.Boolean)
            .Input("state_in", TensorType.Float32, -1, 3)
            .Output("again", TensorType.Boolean)
            .Output("state", TensorType.Float32, -1, 3)
            .Node("Identity", ["again_in"], ["again"])
            .Node("Sin", ["state_in"], ["state"]);
        return OnnxWriter.Model(
            new OnnxGraph("endless")
                .Input("input", TensorType.Float32, -1, 3)
                .Output("output", TensorType.Float32, -1, 3)
                .Constant("turns", Tensor.Of([long.MaxValue]))
                .Node("Loop", ["turns", "", "input"], ["output"], OnnxAttribute.Of("body", body)),
            Properties);
    }

    /// <summary>y = hn = h + weight × x: what is carried is the sum of all x so far.</summary>
    public static byte[] Sum(float weight = 1) => OnnxWriter.Model(
        new OnnxGraph("sum")
            .Input("x", TensorType.Float32, 1, 1)
            .Input("h", TensorType.Float32, 1, 1)
            .Output("y", TensorType.Float32, 1, 1)
            .Output("hn", TensorType.Float32, 1, 1)
            .Constant("weight", Tensor.Of([weight], 1))
            .Node("Mul", ["x", "weight"], ["scaled"])
            .Node("Add", ["h", "scaled"], ["hn"])
            .Node("Identity", ["hn"], ["y"]),
        Properties);

    public static OnnxModel Load(byte[] bytes)
    {
        var outcome = OnnxModel.Load(bytes, new OnnxOptions());
        return outcome.IsOk ? outcome.Value : throw new InvalidOperationException(outcome.Refusal.ToString());
    }
}
