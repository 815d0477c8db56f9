using Pilotage.Core;
using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Xunit;

namespace Pilotage.Tests.Learning.Onnx;

public sealed class OnnxModelTests
{
    [Fact]
    public void A_model_tells_its_inputs_outputs_and_metadata()
    {
        var bytes = TinyModels.Affine();
        using var model = TinyModels.Load(bytes);

        Assert.Equal(Digest.Of(bytes), model.Digest);
        var input = Assert.Single(model.Inputs);
        Assert.Equal(("input", TensorType.Float32), (input.Name, input.Type));
        Assert.Equal([-1, 3], input.Shape);
        Assert.Equal([-1, 1], Assert.Single(model.Outputs).Shape);
        Assert.Equal("pilotage", model.ProducerName);
        Assert.Equal(3, model.ModelVersion);
        Assert.Equal("mm/s", model.Metadata["pilotage.input.unit.a"]);
        var read = ModelProperties.Read(model.Metadata);
        Assert.Equal(TinyModels.Properties.Inputs, read!.Inputs);
        Assert.Equal(TinyModels.Properties.Outputs, read.Outputs);
        Assert.Equal(
            (TinyModels.Properties.Model, TinyModels.Properties.Version, TinyModels.Properties.Dataset, TinyModels.Properties.Run),
            (read.Model, read.Version, read.Dataset, read.Run));
    }

    [Fact]
    public void A_row_is_answered()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        var answer = new float[1];

        model.Run([1, 2, 3], answer);
        Assert.Equal(321.5f, answer[0]);

        model.Run([0, 0, float.NaN], answer);
        Assert.True(float.IsNaN(answer[0]));
    }

    [Fact]
    public void A_row_runs_over_all_inputs_in_order_and_its_answer_over_all_outputs()
    {
        var graph = new OnnxGraph("two")
            .Input("left", TensorType.Float32, -1, 2)
            .Input("right", TensorType.Float32, -1, 3)
            .Output("doubled", TensorType.Float32, -1, 3)
            .Output("negated", TensorType.Float32, -1, 2)
            .Node("Add", ["right", "right"], ["doubled"])
            .Node("Neg", ["left"], ["negated"]);
        using var model = TinyModels.Load(OnnxWriter.Model(graph, TinyModels.Properties));
        var answer = new float[5];

        Assert.Equal((5, 5), (model.RowWidth, model.OutputWidth));
        model.Run([1, 2, 3, 4, 5], answer);

        Assert.Equal([6, 8, 10, -1, -2], answer);
    }

    [Fact]
    public void Running_a_row_allocates_nothing()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        float[] row = [1, 2, 3];
        var answer = new float[1];
        model.Run(row, answer);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            model.Run(row, answer);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Tensors_of_other_types_and_batches_are_run_too()
    {
        var graph = new OnnxGraph("pick")
            .Input("table", TensorType.Float32, -1, 2)
            .Input("index", TensorType.Int64, -1)
            .Output("picked", TensorType.Float32, -1, 2)
            .Output("at", TensorType.Int64, -1)
            .Node("Gather", ["table", "index"], ["picked"])
            .Node("Identity", ["index"], ["at"]);
        using var model = TinyModels.Load(OnnxWriter.Model(graph, TinyModels.Properties));

        Assert.False(model.TakesRows);
        Assert.Throws<InvalidOperationException>(() => model.RowWidth);
        var answers = model.Run([Tensor.Of([1f, 2, 3, 4, 5, 6], 3, 2), Tensor.Of([2L, 0], 2)]);

        Assert.Equal([2, 2], answers[0].Shape);
        Assert.Equal([5, 6, 1, 2], answers[0].As<float>());
        Assert.Equal([2, 0], answers[1].As<long>());
    }

    [Fact]
    public void A_model_that_fails_while_running_throws_and_can_be_run_again()
    {
        var graph = new OnnxGraph("pick")
            .Input("table", TensorType.Float32, 3)
            .Input("index", TensorType.Int64, 1)
            .Output("picked", TensorType.Float32, 1)
            .Node("Gather", ["table", "index"], ["picked"]);
        using var model = TinyModels.Load(OnnxWriter.Model(graph, TinyModels.Properties));
        var table = Tensor.Of([1f, 2, 3], 3);

        Assert.Throws<OnnxException>(() => model.Run([table, Tensor.Of([9L], 1)]));
        Assert.Throws<OnnxException>(() => model.Run([Tensor.Of([1f], 1), Tensor.Of([0L], 1)]));
        Assert.Equal([3], model.Run([table, Tensor.Of([2L], 1)])[0].As<float>());
    }

    [Fact]
    public async Task Calls_from_many_threads_do_not_mix()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            var answer = new float[1];
            for (var i = 0; i < 500; i++)
            {
                model.Run([thread, i, 0], answer);
                Assert.Equal(thread + (10f * i) + 0.5f, answer[0]);
            }
        })));
    }

    [Fact]
    public async Task A_call_that_does_not_end_can_be_stopped_and_the_model_stays_stopped()
    {
        using var model = TinyModels.Load(TinyModels.Endless());
        var running = Task.Factory.StartNew(
            () => model.Run([1, 2, 3], new float[3]), default, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        var first = await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(100)));
        Assert.NotSame(running, first);
        model.Stop();

        await Assert.ThrowsAsync<OnnxException>(() => running.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Throws<OnnxException>(() => model.Run([1, 2, 3], new float[3]));
    }

    [Fact]
    public void A_disposed_model_says_so()
    {
        var model = TinyModels.Load(TinyModels.Affine());
        model.Dispose();
        model.Dispose();
        model.Stop();

        Assert.Throws<ObjectDisposedException>(() => model.Run([1, 2, 3], new float[1]));
    }
}
