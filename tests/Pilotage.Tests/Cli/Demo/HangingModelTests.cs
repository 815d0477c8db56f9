using Pilotage.Cli.Demo;
using Pilotage.Learning.Export;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;
using Xunit;

namespace Pilotage.Tests.Cli.Demo;

public sealed class HangingModelTests
{
    private static readonly ModelProperties Properties = new(
        "rul", "3", [new("t24", "K"), new("ps30", "bar"), new("nf", "rpm")], [new("rul", "h")]);

    [Fact]
    public void It_passes_golden_answers_of_zeros()
    {
        using var model = Load();
        var golden = GoldenSet.Record(model, [[0, 0, 0]], 1e-4);

        Assert.True(golden.Check(model).Pass);
        Assert.Equal(0f, golden.Expected[0][0]);
    }

    [Theory]
    [InlineData(1f, 0f, 0f)]
    [InlineData(641.8f, 47.5f, 2388f)]
    [InlineData(0f, float.NaN, 0f)]
    public async Task A_live_row_does_not_return_until_the_call_is_stopped(float a, float b, float c)
    {
        using var model = Load();
        var running = Task.Factory.StartNew(
            () => model.Run([a, b, c], new float[1]), default, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        var first = await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(300)));
        Assert.NotSame(running, first);

        model.Stop();
        await Assert.ThrowsAsync<OnnxException>(() => running.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    private static OnnxModel Load() => OnnxModel.Load(HangingModel.Write(Properties), new OnnxOptions()).Value;
}
