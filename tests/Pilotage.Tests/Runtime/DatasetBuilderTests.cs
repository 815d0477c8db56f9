using System.Runtime.InteropServices;
using Pilotage.Core;
using Pilotage.Runtime;
using Pilotage.Streams;
using Pilotage.Testing;
using Pilotage.Tests.Streams;
using Xunit;

namespace Pilotage.Tests.Runtime;

/// <summary>The promise of one text for both lives: what a model learns from is what it is asked.</summary>
public sealed class DatasetBuilderTests
{
    [Fact]
    public void Features_of_a_replay_are_the_live_ones_bit_for_bit()
    {
        var plan = Pump.Compile(CheckpointTests.Everything);
        var rows = Rows(2_000);
        var asked = new Dictionary<string, List<float>> { ["regime"] = [], ["bearing_rul"] = [] };
        using var live = PipelineRun.Start(plan, Spying(asked), new RecordingSink(), new ManualTime()).Value;
        for (var i = 0; i < rows.Count; i++)
        {
            live.Push(rows[i].Device, rows[i].TimeNs, rows[i].Values.Span, i);
        }

        foreach (var model in new[] { "regime", "bearing_rul" })
        {
            var matrix = DatasetBuilder.Build(plan, model, Pump.Models(), rows, new ManualTime()).Value;
            Assert.True(matrix.Rows > 1_000);
            Assert.Equal(Bits([.. asked[model]]), Bits(matrix.Values.ToArray()));
            Assert.Equal(matrix.Rows * matrix.Columns.Count, matrix.Values.Length);
            Assert.Equal(live.Counters.Late + live.Counters.Duplicates, matrix.Dropped);
        }
    }

    [Fact]
    public void The_model_itself_and_what_follows_it_are_not_asked()
    {
        var plan = Pump.Compile(CheckpointTests.Everything);
        var models = Pump.Models();
        models.Remove("bearing_rul");
        Assert.True(DatasetBuilder.Build(plan, "bearing_rul", models, Rows(50), new ManualTime()).IsOk);
        Assert.True(DatasetBuilder.Build(plan, "regime", new Dictionary<string, IModelInvoker>(), Rows(50), new ManualTime()).IsOk);
        Assert.Equal(
            "pipeline.model_missing",
            DatasetBuilder.Build(plan, "bearing_rul", new Dictionary<string, IModelInvoker>(), Rows(50), new ManualTime()).Refusal.Code);
    }

    [Fact]
    public void Rows_keep_their_device_and_time_and_incomplete_ones_are_counted()
    {
        var plan = Pump.Compile("INSERT INTO o SELECT * FROM ML_PREDICT(TABLE pump, MODEL regime, DESCRIPTOR(load, vibration))");
        SourceRow[] rows =
        [
            new(new DeviceId("a"), 10, Pump.Row(1, load: 2)),
            new(new DeviceId("b"), 5, Pump.Row(double.NaN)),
            new(new DeviceId("b"), 6, Pump.Row(3, load: 4)),
            new(new DeviceId("a"), 9, Pump.Row(7)),
        ];
        var matrix = DatasetBuilder.Build(plan, "regime", new Dictionary<string, IModelInvoker>(), rows, new ManualTime()).Value;
        Assert.Equal(["load", "vibration"], matrix.Columns);
        Assert.Equal((new DeviceId("a"), 10L), matrix.Key(0));
        Assert.Equal([2, 1], matrix.Row(0).ToArray());
        Assert.Equal((new DeviceId("b"), 6L), matrix.Key(1));
        Assert.Equal([4, 3], matrix.Row(1).ToArray());
        Assert.Equal((2, 1L, 1L), (matrix.Rows, matrix.Rejected, matrix.Dropped));
    }

    [Fact]
    public void An_unknown_model_and_too_many_rows_are_refused()
    {
        var plan = Pump.Compile(CheckpointTests.Everything);
        Assert.Equal("pipeline.model_not_used", DatasetBuilder.Build(plan, "nobody", Pump.Models(), [], new ManualTime()).Refusal.Code);
        Assert.Equal("dataset.too_many_rows", DatasetBuilder.Build(plan, "regime", Pump.Models(), Rows(500), new ManualTime(), rowsMax: 100).Refusal.Code);
    }

    [Fact]
    public void A_model_asked_in_two_ways_has_no_single_data_set()
    {
        var plan = Pump.Compile("""
            CREATE VIEW swapped AS SELECT device, ts, vibration AS x, load AS y FROM pump;
            INSERT INTO a SELECT * FROM ML_PREDICT(TABLE pump, MODEL regime, DESCRIPTOR(load, vibration));
            INSERT INTO b SELECT * FROM ML_PREDICT(TABLE swapped, MODEL regime, DESCRIPTOR(x, y))
            """);
        Assert.Equal("pipeline.model_used_twice", DatasetBuilder.Build(plan, "regime", Pump.Models(), [], new ManualTime()).Refusal.Code);
    }

    private static Dictionary<string, IModelInvoker> Spying(Dictionary<string, List<float>> asked) =>
        Pump.Models().ToDictionary(model => model.Key, model => (IModelInvoker)new Spy(model.Value, asked[model.Key]));

    private static ReadOnlySpan<int> Bits(float[] values) => MemoryMarshal.Cast<float, int>(values);

    private static List<SourceRow> Rows(int count)
    {
        var random = new Random(9);
        var rows = new List<SourceRow>();
        var now = Pump.StartNs;
        for (var i = 0; i < count; i++)
        {
            now += random.NextInt64(0, 4_000_000_000);
            rows.Add(new(
                new DeviceId($"pump-{random.Next(4)}"),
                now - random.NextInt64(0, 25_000_000_000),
                Pump.Row(random.NextDouble() * 12, bearing: 20 + (random.NextDouble() * 20), load: random.Next(100))));
        }

        return rows;
    }

    private sealed class Spy(IModelInvoker inner, List<float> asked) : IModelInvoker
    {
        public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs)
        {
            asked.AddRange(inputs);
            inner.Invoke(inputs, outputs);
        }
    }
}
