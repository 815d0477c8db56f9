using Pilotage.Core;
using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Streams;

public sealed class RobustnessTests
{
    [Fact]
    public void A_model_that_throws_costs_one_answer_and_no_order()
    {
        var plan = Pump.Compile("""
            CREATE VIEW counted AS SELECT device, ts, load, vibration, COUNT(*) OVER (PARTITION BY device ORDER BY ts) AS n FROM pump;
            INSERT INTO o SELECT device, ts, n, vib_norm FROM ML_PREDICT(TABLE counted, MODEL regime, DESCRIPTOR(load, vibration))
            """);
        var sink = new RecordingSink();
        var model = new Failing();
        var flow = Dataflow.Start(plan, new Dictionary<string, IModelInvoker> { ["regime"] = model }, sink, TimeProvider.System).Value;
        flow.Push(0, Pump.First, 10, Pump.Row(1), 1);
        model.Fails = true;
        Assert.Throws<InvalidOperationException>(() => flow.Push(0, Pump.First, 20, Pump.Row(2), 2));
        model.Fails = false;
        Assert.Equal(PushResult.Duplicate, flow.Push(0, Pump.First, 20, Pump.Row(2), 2));
        Assert.Equal(PushResult.Late, flow.Push(0, Pump.First, 15, Pump.Row(2), 3));
        Assert.Equal(PushResult.Taken, flow.Push(0, Pump.First, 30, Pump.Row(3), 4));
        Assert.Equal([1, 3], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal(2, flow.Counters.Inferences);
    }

    [Fact]
    public void Any_values_at_any_times_are_survived()
    {
        double[] odd =
        [
            double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.MinValue, double.Epsilon, -0.0,
            0, 1, -1, 1e300, -1e300, 1e-300, float.MaxValue,
        ];
        var random = new Random(77);
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(CheckpointTests.Everything), sink);
        for (var i = 0; i < 3_000; i++)
        {
            var time = random.Next(20) switch
            {
                0 => random.NextInt64(),
                1 => random.NextInt64(long.MinValue, long.MaxValue),
                _ => i * 1_000_000_000L,
            };
            var row = Enumerable.Range(0, 7).Select(_ => odd[random.Next(odd.Length)]).ToArray();
            flow.Push(0, new DeviceId($"d{random.Next(30)}"), time, row, i);
            if (random.Next(50) == 0)
            {
                flow.Advance(random.Next(200) == 0 ? random.NextInt64() : i * 1_000_000_000L);
            }
        }

        // Whatever comes out is a finite number or NULL.
        Assert.NotEmpty(sink.Rows);
        Assert.DoesNotContain(sink.Rows, row => row.Values.Any(double.IsInfinity));
    }

    [Fact]
    public void A_wrong_number_of_values_is_a_fault_of_the_caller()
    {
        var flow = Pump.Start(Pump.Compile("INSERT INTO o SELECT device, ts, load FROM pump"), new SilentSink());
        Assert.Throws<ArgumentOutOfRangeException>(() => flow.Push(0, Pump.First, 1, [1, 2], 1));
    }

    [Fact]
    public void A_plan_explains_itself_inputs_first()
    {
        var lines = Pump.Compile("INSERT INTO o SELECT device, ts, load * 2 AS x FROM pump WHERE running").Explain().Split('\n');
        Assert.Equal(
            ["scan pump(vibration, bearing_temp, ambient, load, pressure, running, serial)", "filter #5", "project (#3 Multiply 2)", "target o"],
            lines);
    }

    private sealed class Failing : IModelInvoker
    {
        public bool Fails { get; set; }

        public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs)
        {
            outputs[0] = Fails ? throw new InvalidOperationException("no answer") : 1;
        }
    }
}
