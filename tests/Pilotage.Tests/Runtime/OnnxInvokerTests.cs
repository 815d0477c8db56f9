using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Pilotage.Runtime;
using Pilotage.Streams;
using Pilotage.Tests.Learning;
using Xunit;

namespace Pilotage.Tests.Runtime;

public sealed class OnnxInvokerTests
{
    private static readonly ModelSchema Fitting = new("tiny", ["a", "b", "c"], ["y"]);

    [Fact]
    public void Answers_as_the_model_does()
    {
        using var invoker = OnnxInvoker.Load(TinyModels.Affine(), new OnnxOptions(), Fitting).Value;
        var answer = new float[1];

        invoker.Invoke([1, 2, 3], answer);

        Assert.Equal(321.5f, answer[0]);
    }

    [Fact]
    public void Refuses_a_model_of_other_width()
    {
        var refused = OnnxInvoker.Load(TinyModels.Affine(), new OnnxOptions(), Fitting with { Inputs = ["a", "b"] });

        Assert.Equal("runtime.model_does_not_fit", refused.Refusal.Code);
        Assert.Contains("takes 3 values", refused.Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_model_whose_columns_stand_in_another_order()
    {
        var refused = OnnxInvoker.Load(TinyModels.Affine(), new OnnxOptions(), Fitting with { Inputs = ["a", "c", "b"] });

        Assert.Equal("runtime.model_does_not_fit", refused.Refusal.Code);
        Assert.Contains("input 2 is 'b'; the pipeline has 'c'", refused.Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_model_that_takes_no_rows()
    {
        var graph = new OnnxGraph("integers")
            .Input("input", TensorType.Int64, 3)
            .Output("output", TensorType.Int64, 3)
            .Node("Identity", ["input"], ["output"]);
        var refused = OnnxInvoker.Load(OnnxWriter.Model(graph, TinyModels.Properties), new OnnxOptions(), Fitting);

        Assert.Equal("runtime.model_does_not_fit", refused.Refusal.Code);
    }

    [Fact]
    public void Passes_a_bad_file_s_refusal_on()
    {
        Assert.Equal("onnx.not_a_model", OnnxInvoker.Load(new byte[10], new OnnxOptions(), Fitting).Refusal.Code);
    }
}
