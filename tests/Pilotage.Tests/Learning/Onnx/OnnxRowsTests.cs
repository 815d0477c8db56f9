using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Xunit;

namespace Pilotage.Tests.Learning.Onnx;

/// <summary>Many rows given at once.</summary>
public sealed class OnnxRowsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(200)]
    public void Rows_together_are_answered_as_rows_alone(int count)
    {
        using var model = TinyModels.Load(TwoSides());
        var random = new Random(count);
        float[] rows = [.. Enumerable.Range(0, count * model.RowWidth).Select(_ => (float)random.NextDouble())];
        var together = new float[count * model.OutputWidth];
        var alone = new float[together.Length];

        model.RunRows(rows, together);
        for (var row = 0; row < count; row++)
        {
            model.Run(rows.AsSpan(row * model.RowWidth, model.RowWidth), alone.AsSpan(row * model.OutputWidth));
        }

        Assert.Equal(alone.Length, together.Length);
        Assert.All(alone.Zip(together), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        Assert.Null(model.RowByRow);
    }

    [Fact]
    public void A_model_whose_leading_dimension_is_bound_takes_them_one_by_one()
    {
        var graph = new OnnxGraph("bound")
            .Input("input", TensorType.Float32, 1, 2)
            .Output("output", TensorType.Float32, 1, 2)
            .Node("Neg", ["input"], ["output"]);
        using var model = TinyModels.Load(OnnxWriter.Model(graph, TinyModels.Properties));
        var answers = new float[6];

        model.RunRows([1, 2, 3, 4, 5, 6], answers);

        Assert.Equal([-1, -2, -3, -4, -5, -6], answers);
        Assert.Contains("'input' is Float32[1,2]", model.RowByRow, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_whose_rows_change_one_another_takes_them_one_by_one()
    {
        var graph = new OnnxGraph("mixing")
            .Input("input", TensorType.Float32, -1, 2)
            .Output("output", TensorType.Float32, -1, 2)
            .Node("ReduceMean", ["input"], ["mean"], OnnxAttribute.Of("axes", [0L]))
            .Node("Sub", ["input", "mean"], ["output"]);
        using var model = TinyModels.Load(OnnxWriter.Model(graph, TinyModels.Properties));
        var answers = new float[4];

        model.RunRows([1, 2, 3, 4], answers);

        Assert.Equal([0, 0, 0, 0], answers);
        Assert.Contains("change one another", model.RowByRow, StringComparison.Ordinal);
    }

    [Fact]
    public void Part_of_a_row_or_too_little_room_is_a_bug_of_the_caller()
    {
        using var model = TinyModels.Load(TinyModels.Affine());

        Assert.Throws<ArgumentOutOfRangeException>(() => model.RunRows([1, 2, 3, 4], new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.RunRows([1, 2, 3, 4, 5, 6], new float[1]));
    }

    [Fact]
    public void Tensors_that_do_not_fit_are_refused_by_name()
    {
        using var model = TinyModels.Load(TinyModels.Affine());

        Assert.Null(model.Misfit([new Tensor(TensorType.Float32, 5, 3)]));
        Assert.Equal("The input 'input' is Float32[?,3]; Float32[1,4] is given.", model.Misfit([new Tensor(TensorType.Float32, 1, 4)])!.Message);
        Assert.Equal("onnx.wrong_shape", model.Misfit([new Tensor(TensorType.Float64, 1, 3)])!.Code);
        Assert.Equal("onnx.wrong_shape", model.Misfit([])!.Code);
    }

    [Fact]
    public void A_file_beyond_the_limit_is_not_read_and_one_that_is_not_there_is_told()
    {
        using var folder = new CaseFolder();
        var huge = Path.Combine(folder.Root, "huge.onnx");
        using (var file = File.Create(huge))
        {
            // Sparse: three gigabytes of nothing, more than protobuf can hold.
            file.SetLength(3L << 30);
        }

        Assert.Contains($"{3L << 30} bytes; the limit is {int.MaxValue}", OnnxModel.LoadFile(huge, new OnnxOptions { ModelBytesMax = int.MaxValue }).Refusal.Message, StringComparison.Ordinal);
        Assert.Equal("onnx.too_large", OnnxModel.LoadFile(huge, new OnnxOptions()).Refusal.Code);
        Assert.Equal("onnx.unreadable", OnnxModel.LoadFile(Path.Combine(folder.Root, "none.onnx"), new OnnxOptions()).Refusal.Code);
    }

    [Theory]
    [InlineData(1f, -1)]
    [InlineData(float.NaN, 2)]
    [InlineData(float.PositiveInfinity, 2)]
    [InlineData(float.NegativeInfinity, 2)]
    public void Values_that_are_not_finite_are_found(float value, int at)
    {
        Assert.Equal(at, RowValues.FirstNotFinite([1, -0f, value, value]));
        Assert.Equal(at, RowValues.FirstNotFinite(Tensor.Of([1, 2, value], 3)));
    }

    private static byte[] TwoSides() => OnnxWriter.Model(
        new OnnxGraph("two")
            .Input("left", TensorType.Float32, -1, 3)
            .Input("right", TensorType.Float32, -1, 2)
            .Output("product", TensorType.Float32, -1, 2)
            .Output("negated", TensorType.Float32, -1, 3)
            .Constant("weights", Tensor.Of([1f, 2, 3, 4, 5, 6], 3, 2))
            .Node("MatMul", ["left", "weights"], ["projected"])
            .Node("Add", ["projected", "right"], ["product"])
            .Node("Neg", ["left"], ["negated"]),
        TinyModels.Properties);
}
