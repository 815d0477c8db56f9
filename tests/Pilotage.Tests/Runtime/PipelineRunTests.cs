using System.Buffers;
using Pilotage.Runtime;
using Pilotage.Streams;
using Pilotage.Testing;
using Pilotage.Tests.Streams;
using Xunit;

namespace Pilotage.Tests.Runtime;

public sealed class PipelineRunTests
{
    private const string Sql = "INSERT INTO o SELECT device, ts, vib_norm, COUNT(*) OVER (PARTITION BY device ORDER BY ts) AS n " +
        "FROM ML_PREDICT(TABLE pump, MODEL regime, DESCRIPTOR(load, vibration))";

    [Fact]
    public void Measures_how_long_the_model_takes()
    {
        var time = new ManualTime();
        var models = new Dictionary<string, IModelInvoker> { ["regime"] = new Slow(time) };
        using var run = PipelineRun.Start(Pump.Compile(Sql), models, new RecordingSink(), time).Value;
        for (var i = 1; i <= 100; i++)
        {
            run.Push(Pump.First, i, Pump.Row(1, load: i), i);
        }

        Assert.Equal(100, run.Latency.Count);
        Assert.InRange(run.Latency.Quantile(0.5).TotalMilliseconds, 50, 54);
        Assert.InRange(run.Latency.Quantile(0.99).TotalMilliseconds, 99, 100);
        Assert.Equal(TimeSpan.FromMilliseconds(100), run.Latency.Longest);
    }

    [Fact]
    public void Goes_on_from_a_checkpoint()
    {
        var plan = Pump.Compile(Sql);
        var sink = new RecordingSink();
        var bytes = new ArrayBufferWriter<byte>();
        using (var run = PipelineRun.Start(plan, Pump.Models(), sink, new ManualTime()).Value)
        {
            run.Push(Pump.First, 1, Pump.Row(1), 1);
            run.Checkpoint(bytes);
            Assert.Null(run.Restored);
        }

        using var restored = PipelineRun.Restore(plan, Pump.Models(), sink, new ManualTime(), bytes.WrittenSpan).Value;
        Assert.Equal(new RestoreReport(2, 0, 0), restored.Restored);
        Assert.Equal(PushResult.Duplicate, restored.Push(Pump.First, 1, Pump.Row(1), 1));
        restored.Push(Pump.First, 2, Pump.Row(1), 2);
        Assert.Equal([1, 2], sink.Rows.Select(row => row.Values[1]));
        Assert.Equal("checkpoint.damaged", PipelineRun.Restore(plan, Pump.Models(), sink, new ManualTime(), bytes.WrittenSpan[1..]).Refusal.Code);
    }

    [Fact]
    public void Disposes_its_models_once()
    {
        var model = new Slow(new ManualTime());
        var run = PipelineRun.Start(Pump.Compile(Sql), new Dictionary<string, IModelInvoker> { ["regime"] = model }, new SilentSink(), new ManualTime()).Value;
        run.Dispose();
        run.Dispose();
        Assert.Equal(1, model.Disposed);
    }

    [Fact]
    public void A_missing_model_is_refused_by_name()
    {
        var refusal = PipelineRun.Start(Pump.Compile(Sql), new Dictionary<string, IModelInvoker>(), new SilentSink(), new ManualTime()).Refusal;
        Assert.Contains("regime", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quantiles_are_within_a_sixteenth()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal(TimeSpan.Zero, histogram.Quantile(0.5));
        var random = new Random(1);
        var durations = Enumerable.Range(0, 10_000).Select(_ => (long)Math.Exp(random.NextDouble() * 20)).Order().ToArray();
        foreach (var ticks in durations)
        {
            histogram.Record(TimeSpan.FromTicks(ticks));
        }

        foreach (var share in new[] { 0.01, 0.5, 0.9, 0.99, 1 })
        {
            var exact = durations[(int)Math.Ceiling(share * durations.Length) - 1];
            Assert.InRange(histogram.Quantile(share).Ticks, exact, exact + (exact / 16) + 1);
        }
    }

    private sealed class Slow(ManualTime time) : IModelInvoker, IDisposable
    {
        public int Disposed { get; private set; }

        public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs)
        {
            time.Advance(TimeSpan.FromMilliseconds(inputs[0]));
            outputs[0] = 1;
        }

        public void Dispose() => Disposed++;
    }
}
