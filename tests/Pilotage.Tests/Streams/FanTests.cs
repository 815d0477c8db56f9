using System.Buffers;
using System.Globalization;
using Pilotage.Core;
using Pilotage.Streams;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Streams;

/// <summary>Many rules over one stream find by sorted thresholds what each would find by itself, in the order of the statements.</summary>
public sealed class FanTests(ITestOutputHelper output)
{
    private const int Rows = 400;
    private static readonly ThingSchema Thing = new("pump", [new("a", null), new("b", null), new("s", null, ThingPropertyType.Text)]);

    [Fact]
    public void All_rules_together_do_what_each_does_by_itself()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        for (var round = 0; round < 20; round++)
        {
            var random = new Random(seed + round);
            var rules = Enumerable.Range(0, random.Next(1, 200)).Select(i => Rule(random, i)).ToList();
            var together = new Run(string.Join('\n', rules));
            var alone = rules.Select(rule => new Run(rule)).ToList();
            for (var i = 0; i < Rows; i++)
            {
                var (device, row, text) = (new DeviceId($"d{random.Next(3)}"), new[] { Value(random), Value(random), double.NaN }, random.Next(2) == 0 ? "on" : null);
                together.Push(device, i, row, text);
                alone.ForEach(run => run.Push(device, i, row, text));
                var expected = alone.SelectMany(run => run.Take()).ToList();
                Assert.True(expected.SequenceEqual(together.Take()), $"round {round}, row {i}: {string.Join(" | ", expected)}");
                if (random.Next(50) == 0)
                {
                    together = together.Restored();
                }

                if (random.Next(80) == 0)
                {
                    together.Forget(device);
                    alone.ForEach(run => run.Forget(device));
                }
            }
        }
    }

    [Fact]
    public void Windows_behind_rules_close_as_they_do_behind_one()
    {
        var rules = Enumerable.Range(0, 40).Select(i =>
            $"CREATE VIEW v{i} AS SELECT device, ts, a FROM pump WHERE a > {i % 10}; "
            + $"INSERT INTO t{i} SELECT device, window_end AS ts, COUNT(*) AS n FROM TUMBLE(TABLE v{i}, DESCRIPTOR(ts), INTERVAL '5' SECOND) GROUP BY device, window_start, window_end;").ToList();
        var together = new Run(string.Join('\n', rules));
        var alone = rules.Select(rule => new Run(rule)).ToList();
        for (var i = 0; i < 60; i++)
        {
            together.Push(new("d"), i, [i % 12, 0, double.NaN], null);
            alone.ForEach(run => run.Push(new("d"), i, [i % 12, 0, double.NaN], null));
        }

        var expected = alone.SelectMany(run => run.Take()).Order().ToList();
        Assert.True(expected.Count > 200);
        Assert.Equal(expected, together.Take().Order());
    }

    [Fact]
    public void Rules_that_cannot_be_true_are_not_asked()
    {
        // A rule that is asked makes a text that is too long, which is counted.
        var rules = string.Join('\n', Enumerable.Range(0, 100).Select(i => $"INSERT INTO t{i} SELECT device, ts, b FROM pump WHERE REPEAT(s, 60000) = 'x' AND a > {1_000 + i};"));
        var run = new Run(rules);
        run.Push(new("d"), 1, [50, 1, double.NaN], "on");
        Assert.Equal(0, run.TextsRefused);
        run.Push(new("d"), 2, [1_010, 1, double.NaN], "on");
        Assert.Equal(11, run.TextsRefused);
    }

    private static string Rule(Random random, int i)
    {
        string Number() => (random.Next(-40, 40) / 4.0).ToString(CultureInfo.InvariantCulture);
        var column = random.Next(2) == 0 ? "a" : "b";
        var condition = random.Next(9) switch
        {
            0 => $"{column} > {Number()}",
            1 => $"{Number()} >= {column}",
            2 => $"{column} <= {Number()} AND {(column == "a" ? "b" : "a")} < {Number()}",
            3 => $"{column} = {Number()}",
            4 => $"{column} BETWEEN {Number()} AND {Number()}",
            5 => $"{column} > {Number()} OR {column} < {Number()}",
            6 => $"s = 'on' AND {column} < {Number()}",
            7 => $"a + b > {Number()}",
            _ => $"{column} <> {Number()} AND {Number()} < b",
        };
        return random.Next(3) == 0
            ? $"INSERT INTO t{i} SELECT device, ts, a - b AS x FROM pump WHERE {condition};"
            : $"INSERT INTO alerts SELECT device, ts, 'k{i}' AS kind, {column} AS score FROM pump WHERE {condition};";
    }

    private static double Value(Random random) => random.Next(10) == 0 ? double.NaN : random.Next(-50, 50) / 4.0;

    private sealed class Run : IPipelineSink
    {
        private readonly PipelinePlan _plan;
        private readonly Dataflow _flow;
        private List<string> _told = [];

        public Run(string sql)
            : this(PipelineCompiler.Compile(sql, [Thing], [], new Dictionary<string, double>()).Value)
        {
        }

        private Run(PipelinePlan plan)
        {
            _plan = plan;
            _flow = Dataflow.Start(plan, new Dictionary<string, IModelInvoker>(), this, TimeProvider.System).Value;
        }

        public long TextsRefused => _flow.Counters.TextsRefused;

        public void Push(DeviceId device, int second, double[] row, string? text) => _flow.Push(0, device, second * 1_000_000_000L, row, [null, null, text], second);

        public void Forget(DeviceId device) => _flow.Forget(device);

        public Run Restored()
        {
            var state = new ArrayBufferWriter<byte>();
            _flow.Checkpoint(state);
            var restored = new Run(_plan);
            Assert.True(restored._flow.Restore(state.WrittenSpan).IsOk);
            return restored;
        }

        public List<string> Take() => Interlocked.Exchange(ref _told, []);

        public void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId) => _told.Add($"+{kind} {device} {tsNs} {score}");

        public void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId) => _told.Add($"-{kind} {device} {tsNs} {score}");

        public void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId) => _told.Add($"{target} {device} {tsNs} {values[0]}");

        public void Inference(string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed)
        {
        }
    }
}
