using System.Diagnostics;
using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Xunit;

namespace Pilotage.Tests.Learning.Onnx;

/// <summary>What models give back, seen in the memory of the whole process.</summary>
[Collection(Alone.Name)]
public sealed class ModelMemoryTests
{
    [Fact]
    public void Disposed_models_give_their_memory_back()
    {
        var graph = new OnnxGraph("heavy")
            .Input("input", TensorType.Float32, -1, 1)
            .Output("output", TensorType.Float32, -1, 1_000_000)
            .Constant("weights", new Tensor(TensorType.Float32, 1, 1_000_000))
            .Node("MatMul", ["input", "weights"], ["output"]);
        var bytes = OnnxWriter.Model(graph, TinyModels.Properties);
        var answers = new float[8 * 1_000_000];
        using (var first = OnnxModel.Load(bytes, new OnnxOptions { BatchRowsMax = 8 }).Value)
        {
            first.RunRows([1, 2, 3, 4, 5, 6, 7, 8], answers);
        }

        var before = WorkingSet();

        // Weights and output buffer are 4 MB each, and a batch of four 16 MB more: kept, thirty models would be 720 MB.
        for (var i = 0; i < 30; i++)
        {
            using var model = OnnxModel.Load(bytes, new OnnxOptions { BatchRowsMax = 8 }).Value;
            model.Run([1], answers);
            model.RunRows([1, 2, 3, 4, 5, 6, 7, 8], answers);
        }

        Assert.InRange(WorkingSet() - before, long.MinValue, 200L << 20);
    }

    private static long WorkingSet()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
