using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Pilotage.Runtime.Inference;
using Pilotage.Testing;
using Pilotage.Tests.Learning;
using Xunit;

namespace Pilotage.Tests.Runtime.Inference;

public sealed class MicroBatchTests
{
    private static readonly MicroBatchOptions Four = new() { RowsMax = 4, WaitMax = TimeSpan.FromMilliseconds(2), QueueRowsMax = 8 };

    [Fact]
    public void The_row_that_fills_a_call_runs_it_and_each_caller_gets_its_own_answer()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        using var batch = new MicroBatch(model, Four, new ManualTime());
        var answers = new Answers();

        for (var i = 0; i < 3; i++)
        {
            Assert.Null(batch.Add([i, 0, 0], answers, i));
        }

        Assert.Empty(answers.Told);
        Assert.Null(batch.Add([3, 0, 0], answers, 3));

        Assert.Equal([(0L, 0.5f), (1L, 1.5f), (2L, 2.5f), (3L, 3.5f)], answers.Told);
        Assert.Equal(0, batch.Waiting);
        Assert.Null(model.RowByRow);
    }

    [Fact]
    public void No_row_waits_longer_than_it_may()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        var time = new ManualTime();
        using var batch = new MicroBatch(model, Four, time);
        var answers = new Answers();

        batch.Add([1, 0, 0], answers, 1);
        time.Advance(TimeSpan.FromMilliseconds(1));
        batch.Add([2, 0, 0], answers, 2);
        Assert.Empty(answers.Told);
        time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal([(1L, 1.5f), (2L, 2.5f)], answers.Told);
        Assert.Equal([TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(1)], answers.Queued);

        // A row after a full call waits its own time, not what was left of the timer.
        time.Advance(TimeSpan.FromMilliseconds(5));
        batch.Add([3, 0, 0], answers, 3);
        time.Advance(TimeSpan.FromMilliseconds(1.9));
        Assert.Equal(2, answers.Told.Count);
        time.Advance(TimeSpan.FromMilliseconds(0.1));
        Assert.Equal(3, answers.Told.Count);
    }

    [Fact]
    public void The_queue_ends_at_its_bound_and_what_waited_behind_a_call_is_run_next()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        var time = new ManualTime();
        using var batch = new MicroBatch(model, Four, time);
        var answers = new Answers();
        var refused = new List<string?>();

        // While the first call is being told, nine more rows come: eight wait, the ninth is refused.
        answers.OnFirst = () => refused.AddRange(Enumerable.Range(4, 9).Select(i => batch.Add([i, 0, 0], answers, i)?.Code));
        for (var i = 0; i < 4; i++)
        {
            batch.Add([i, 0, 0], answers, i);
        }

        Assert.Equal([.. Enumerable.Repeat<string?>(null, 8), "inference.queue_full"], refused);
        Assert.Equal((8, 1L), (batch.Waiting, batch.Refused));
        time.Advance(TimeSpan.FromMilliseconds(4));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => ((long)i, i + 0.5f)), answers.Told);
    }

    [Fact]
    public void Rows_that_are_not_finite_or_of_another_width_are_refused_before_they_wait()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        using var batch = new MicroBatch(model, Four, new ManualTime());
        using var missing = new MicroBatch(model, Four with { TakesMissing = true }, new ManualTime());
        var answers = new Answers();

        Assert.Contains("Value 1 of the row", batch.Add([0, float.NaN, 0], answers, 0)!.Message, StringComparison.Ordinal);
        Assert.Equal("onnx.not_finite", batch.Add([0, 0, float.NegativeInfinity], answers, 0)!.Code);
        Assert.Equal("onnx.wrong_shape", batch.Add([0, 0], answers, 0)!.Code);
        Assert.Null(missing.Add([0, float.NaN, 0], answers, 0));
        Assert.Equal("onnx.not_finite", missing.Add([0, float.NaN, float.PositiveInfinity], answers, 0)!.Code);
        Assert.Equal(0, batch.Waiting);
    }

    [Fact]
    public void A_row_the_model_fails_on_fails_alone()
    {
        // The value chooses an element of the table; 9 is beyond it.
        var graph = new OnnxGraph("pick")
            .Input("input", TensorType.Float32, -1, 1)
            .Output("output", TensorType.Float32, -1, 1)
            .Constant("table", Tensor.Of([10f, 20, 30], 3))
            .Node("Cast", ["input"], ["index"], OnnxAttribute.Of("to", (long)TensorType.Int64))
            .Node("Gather", ["table", "index"], ["output"]);
        using var model = TinyModels.Load(OnnxWriter.Model(graph, TinyModels.Properties));
        using var batch = new MicroBatch(model, Four, new ManualTime());
        var answers = new Answers();

        foreach (var index in new[] { 2f, 9, 0, 1 })
        {
            batch.Add([index], answers, (long)index);
        }

        Assert.Equal([(2L, 30f), (0L, 10f), (1L, 20f)], answers.Told);
        Assert.Equal([9L], answers.Failures);
    }

    [Fact]
    public void Rows_that_wait_when_it_ends_hear_that_they_failed_and_no_more_are_taken()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        var batch = new MicroBatch(model, Four, new ManualTime());
        var answers = new Answers();
        batch.Add([1, 2, 3], answers, 5);

        batch.Dispose();
        batch.Dispose();

        Assert.Equal([5L], answers.Failures);
        Assert.Throws<ObjectDisposedException>(() => batch.Add([1, 2, 3], answers, 6));
    }

    [Fact]
    public async Task Many_callers_at_once_each_get_the_answer_of_their_row()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        using var batch = new MicroBatch(model, new MicroBatchOptions { RowsMax = 16, QueueRowsMax = 4096 }, TimeProvider.System);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                var answer = await batch.RunAsync([caller, i, 0]);
                Assert.Equal(caller + (10f * i) + 0.5f, Assert.Single(answer.Value));
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void Adding_a_row_allocates_nothing()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        using var batch = new MicroBatch(model, Four, TimeProvider.System, new InferenceMeter("m", "h", TimeSpan.FromSeconds(1), TimeProvider.System));
        var sink = new Nobody();
        void Rows(int count)
        {
            for (var i = 0; i < count; i++)
            {
                batch.Add([1, 2, 3], sink, i);
            }
        }

        Rows(400);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Rows(4000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_meter_tells_waiting_latency_and_what_was_late()
    {
        using var model = TinyModels.Load(TinyModels.Affine());
        var time = new ManualTime();
        var meter = new InferenceMeter("rul", "pi", TimeSpan.FromMilliseconds(1.5), time, calibration: new EnergyCalibration(10, 0.3));
        using var batch = new MicroBatch(model, Four, time, meter);
        var answers = new Answers();
        batch.Add([1, 0, 0], answers, 1);
        time.Advance(TimeSpan.FromMilliseconds(1));
        batch.Add([2, 0, 0], answers, 2);
        time.Advance(TimeSpan.FromMilliseconds(1));
        meter.AddBusy(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromMilliseconds(998));

        var figures = meter.Read();

        Assert.Equal(("rul", "pi", 2L, 0L, 1L), (figures.Model, figures.HardwareClass, figures.Rows, figures.Failed, figures.DeadlineMisses));
        Assert.Equal(1.0, figures.LatencyMsP50, 0.1);
        Assert.Equal(2.0, figures.LatencyMsP99, 0.2);
        Assert.Equal(2.0, figures.QueueMsP99, 0.2);
        Assert.Equal((2.0, 2.0), (figures.RowsPerSecond, figures.RowsPerBusySecond));
        Assert.True(figures.MemoryBytes > 1 << 20);
        Assert.Equal(new EnergyFigure(5, "calibrated", 0.3), figures.Energy);
    }

    private sealed class Answers : IRowSink
    {
        public List<(long Tag, float Answer)> Told { get; } = [];

        public List<TimeSpan> Queued { get; } = [];

        public List<long> Failures { get; } = [];

        public Action? OnFirst { get; set; }

        public void Answered(long tag, ReadOnlySpan<float> outputs, TimeSpan queued)
        {
            Told.Add((tag, outputs[0]));
            Queued.Add(queued);
            var first = OnFirst;
            OnFirst = null;
            first?.Invoke();
        }

        public void Failed(long tag, string reason) => Failures.Add(tag);
    }

    private sealed class Nobody : IRowSink
    {
        public void Answered(long tag, ReadOnlySpan<float> outputs, TimeSpan queued)
        {
        }

        public void Failed(long tag, string reason)
        {
        }
    }
}
