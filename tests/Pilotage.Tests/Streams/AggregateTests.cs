using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Streams;

/// <summary>Aggregates of order, shape, relation and spectrum, against the plainest computation of the same.</summary>
public sealed class AggregateTests(ITestOutputHelper output)
{
    private const string Constant = "SKEWNESS(vibration) {0} AS a, KURTOSIS(vibration) {0} AS b, PEAK_TO_PEAK(vibration) {0} AS c, CREST_FACTOR(vibration) {0} AS d, "
        + "CORR(vibration, load) {0} AS e, COVAR_POP(vibration, load) {0} AS f, COVAR_SAMP(vibration, load) {0} AS g, REGR_INTERCEPT(vibration, load) {0} AS h, REGR_R2(vibration, load) {0} AS i";

    private const string Whole = "MEDIAN(vibration) {0} AS j, PERCENTILE(vibration, 0.9) {0} AS k, PERCENTILE(vibration, 0) {0} AS l, PERCENTILE(vibration, 1) {0} AS m, "
        + "COUNT(DISTINCT vibration) {0} AS n, COUNT(DISTINCT vibration > 5) {0} AS p, BAND_ENERGY(vibration, 100, 0, 20) {0} AS q, BAND_ENERGY(vibration, 100, 20, 50) {0} AS r";

    private static readonly string[] Names = [.. "abcdefghijklmnpqr".Select(letter => $"{letter}")];

    [Theory]
    [InlineData("ROWS BETWEEN 0 PRECEDING AND CURRENT ROW", 0, 0)]
    [InlineData("ROWS BETWEEN 6 PRECEDING AND CURRENT ROW", 6, 0)]
    [InlineData("ROWS BETWEEN 31 PRECEDING AND CURRENT ROW", 31, 0)]
    [InlineData("ROWS BETWEEN 44 PRECEDING AND CURRENT ROW", 44, 0)]
    [InlineData("RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW", 0, 60)]
    [InlineData("", -1, 0)]
    public void Agree_with_the_plain_computation(string frame, int rows, int seconds)
    {
        var seed = TestSize.Seed;
        output.WriteLine($"seed {seed}");
        var sink = new RecordingSink();
        var columns = (rows < 0 ? Constant : $"{Constant}, {Whole}").Replace("{0}", "OVER w", StringComparison.Ordinal);
        var flow = Pump.Start(Pump.Compile($"INSERT INTO o SELECT device, ts, {columns} FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts {frame})"), sink);
        var history = new List<(long TimeNs, double X, double Y)>();
        var random = new Random(seed);
        var now = Pump.StartNs;
        for (var i = 0; i < TestSize.Count(300, 3_000); i++)
        {
            // A stretch without NULLs, so that there is a spectrum to see; few different values, so that some are met again.
            now += random.NextInt64(1, 3_000_000_000);
            var y = i % 150 < 60 && random.Next(8) == 0 ? double.NaN : random.Next(200) / 16.0;
            var x = random.Next(12) == 0 ? double.NaN : random.NextDouble() * 100;
            history.Add((now, x, y));
            flow.Push(0, Pump.First, now, Pump.Row(y, load: x), i);
            flow.Push(0, new DeviceId("other"), now, Pump.Row(random.NextDouble(), load: i), i);
            var window = rows < 0 ? history
                : seconds > 0 ? history.FindAll(row => row.TimeNs >= now - (seconds * 1_000_000_000L))
                : history.TakeLast(rows + 1).ToList();
            var expected = Naive(window);
            var actual = sink.Rows[^2].Values;
            for (var c = 0; c < actual.Length; c++)
            {
                Assert.True(Close(expected[c], actual[c]), $"row {i}, {Names[c]}: expected {expected[c]:R}, found {actual[c]:R}");
            }
        }
    }

    [Fact]
    public void Of_a_window_over_time_are_those_of_its_rows()
    {
        var random = new Random(TestSize.Seed);
        output.WriteLine($"seed {TestSize.Seed}");
        var columns = $"{Constant}, {Whole}".Replace("{0}", "", StringComparison.Ordinal);
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile($"INSERT INTO o SELECT device, window_end AS ts, {columns} FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY device, window_start, window_end"), sink);
        var history = new List<(long TimeNs, double X, double Y)>();
        for (var now = Pump.StartNs; now < Pump.StartNs + Pump.HourNs; now += random.NextInt64(1, 9_000_000_000))
        {
            history.Add((now, random.Next(100), random.Next(9) == 0 ? double.NaN : random.NextDouble() * 8));
            flow.Push(0, Pump.First, now, Pump.Row(history[^1].Y, load: history[^1].X), 1);
        }

        flow.Advance(long.MaxValue);
        var windows = history.GroupBy(row => row.TimeNs / 60_000_000_000).ToList();
        Assert.Equal(windows.Count, sink.Rows.Count);
        foreach (var (window, row) in windows.Zip(sink.Rows))
        {
            Assert.All(Naive([.. window]).Zip(row.Values), pair => Assert.True(Close(pair.First, pair.Second), $"expected {pair.First:R}, found {pair.Second:R}"));
        }
    }

    [Fact]
    public void Depend_on_the_rows_in_the_window_alone()
    {
        var random = new Random(11);
        var rows = Enumerable.Range(0, 300).Select(_ => random.NextDouble() * 1e6).ToArray();
        var whole = Run(0);
        foreach (var start in new[] { 1, 3, 150 })
        {
            Assert.Equal(whole.Skip(start + 40), Run(start).Skip(40));
        }

        List<string> Run(int start)
        {
            var sink = new RecordingSink();
            var flow = Pump.Start(Pump.Compile(Over("ROWS BETWEEN 37 PRECEDING AND CURRENT ROW")), sink);
            for (var i = start; i < rows.Length; i++)
            {
                flow.Push(0, Pump.First, Pump.StartNs + i, Pump.Row(rows[i], load: rows[i] % 7), i);
            }

            return sink.Lines;
        }
    }

    [Fact]
    public void Allocate_nothing_once_they_are_full()
    {
        var flow = Pump.Start(Pump.Compile(Over("ROWS BETWEEN 36 PRECEDING AND CURRENT ROW")), new SilentSink());
        var row = Pump.Row(1);
        for (var i = 0; i < 500; i++)
        {
            Push(i);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 500; i < 2_500; i++)
        {
            Push(i);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Push(int i)
        {
            (row[0], row[3]) = (i % 11, i % 7);
            flow.Push(0, Pump.First, Pump.StartNs + (i * 100_000_000L), row, i);
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(997)]
    public void A_sine_is_in_the_band_of_its_frequency_and_all_bands_are_the_mean_square(int rows)
    {
        // Five whole waves in the window: amplitude 3, so a mean square of 4.5, and a mean of 2 beside it.
        var wave = Enumerable.Range(0, rows).Select(i => 2 + (3 * Math.Sin(2 * Math.PI * 5 * i / rows))).ToArray();
        var hertz = 5.0;
        string Band(double low, double high) => FormattableString.Invariant($"BAND_ENERGY(vibration, {rows}, {low}, {high}) OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN {rows - 1} PRECEDING AND CURRENT ROW)");
        Assert.Equal(4.5, Pump.Evaluate(Band(hertz, hertz + 1), wave)[^1], 9);
        Assert.Equal(4, Pump.Evaluate(Band(0, 1), wave)[^1], 9);
        Assert.Equal(0, Pump.Evaluate(Band(hertz + 1, rows / 2.0), wave)[^1], 9);
        Assert.Equal(8.5, Pump.Evaluate(Band(0, rows / 2.0), wave)[^1], 9);
    }

    [Fact]
    public void Percentiles_are_those_of_Flink_and_distinct_texts_are_counted()
    {
        // (n - 1) times the share, linear between neighbours.
        Assert.Equal(3.7, Last("PERCENTILE(vibration, 0.9) OVER x", 1, 2, 3, 4), 12);
        Assert.Equal(2.5, Last("MEDIAN(vibration) OVER x", 4, 1, 3, 2), 12);
        Assert.Equal(2, Last("MEDIAN(vibration) OVER x", 3, double.NaN, 1, 2), 12);
        Assert.Equal(double.NaN, Last("MEDIAN(vibration) OVER x", double.NaN));
        Assert.Equal(1, Last("COUNT(DISTINCT vibration) OVER x", 0.0, -0.0, double.NaN));
        Assert.Equal(2, Last("COUNT(DISTINCT CASE WHEN vibration > 5 THEN 'high' ELSE 'low' END) OVER x", 1, 9, 8, 2));
        Assert.Equal(5, Last("KURTOSIS(vibration) OVER x", 1, 1, 1, 1, 1, 2, 0, 1, 1, 1), 12);
        Assert.Equal(0, Last("SKEWNESS(vibration) OVER x", 1, 1, 1, 1, 1, 2, 0, 1, 1, 1), 12);
        Assert.Equal(double.NaN, Last("KURTOSIS(vibration) OVER x", 0.1, 0.1, 0.1));
        Assert.Equal(double.NaN, Last("CREST_FACTOR(vibration) OVER x", 0, 0));
        Assert.Equal(double.NaN, Last("BAND_ENERGY(vibration, 10, 0, 5) OVER x", 1, double.NaN, 1));

        static double Last(string call, params double[] values) => Pump.Evaluate(
            call.Replace("OVER x", "OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 50 PRECEDING AND CURRENT ROW)", StringComparison.Ordinal), values)[^1];
    }

    [Theory]
    [InlineData("MEDIAN(pressure)", "bar")]
    [InlineData("PERCENTILE(bearing_temp, 0.5)", "Cel")]
    [InlineData("PEAK_TO_PEAK(bearing_temp)", "K")]
    [InlineData("PEAK_TO_PEAK(pressure)", "bar")]
    [InlineData("KURTOSIS(pressure)", "1")]
    [InlineData("CREST_FACTOR(pressure)", "1")]
    [InlineData("CORR(pressure, load)", "1")]
    [InlineData("COVAR_SAMP(pressure, load)", "bar.%")]
    [InlineData("REGR_INTERCEPT(pressure, load)", "bar")]
    [InlineData("REGR_R2(pressure, load)", "1")]
    [InlineData("BAND_ENERGY(pressure, 10, 0, 5)", "bar.bar")]
    [InlineData("COUNT(DISTINCT pressure)", null)]
    public void Carry_units(string call, string? unit)
    {
        var plan = Pump.Compile($"INSERT INTO o SELECT device, ts, {call} OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS x FROM pump");
        Assert.Equal(unit, plan.Targets[0].Columns[0].Unit);
    }

    [Theory]
    [InlineData("MEDIAN(load) OVER (PARTITION BY device ORDER BY ts)", "pipeline.unsupported", "1:34", "needs every value")]
    [InlineData("COUNT(DISTINCT load) OVER (PARTITION BY device ORDER BY ts)", "pipeline.unsupported", "1:34", "COUNT(DISTINCT) needs every value")]
    [InlineData("SUM(DISTINCT load) OVER w", "pipeline.unsupported", "1:38", "DISTINCT")]
    [InlineData("COUNT(DISTINCT *) OVER w", "pipeline.type", "1:34", "COUNT(DISTINCT value)")]
    [InlineData("COUNT(DISTINCT device) OVER w", "pipeline.type", "1:49", "found a device")]
    [InlineData("PERCENTILE(load) OVER w", "pipeline.type", "1:34", "PERCENTILE(value, share)")]
    [InlineData("PERCENTILE(load, 95) OVER w", "pipeline.type", "1:51", "0.95 is the 95th")]
    [InlineData("PERCENTILE(load, load) OVER w", "pipeline.type", "1:51", "Expected a number")]
    [InlineData("CORR(load) OVER w", "pipeline.type", "1:34", "CORR(y, x)")]
    [InlineData("CORR(load, ts) OVER w", "pipeline.type", "1:45", "found a time")]
    [InlineData("SKEWNESS(running) OVER w", "pipeline.type", "1:43", "expects a number")]
    [InlineData("BAND_ENERGY(load, 100) OVER w", "pipeline.type", "1:34", "BAND_ENERGY(value, sample_rate, f_low, f_high)")]
    [InlineData("BAND_ENERGY(load, 0, 1, 2) OVER w", "pipeline.type", "1:52", "above 0")]
    [InlineData("BAND_ENERGY(load, 100, 10, 60) OVER w", "pipeline.type", "1:61", "above half")]
    [InlineData("BAND_ENERGY(load, 100, 20, 10) OVER w", "pipeline.type", "1:57", "from a lower")]
    [InlineData("MEDIAN(load)", "pipeline.type", "1:34", "needs OVER")]
    public void A_fault_is_told(string call, string code, string where, string says) =>
        Pump.IsRefused($"INSERT INTO o SELECT device, ts, {call} AS x FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)", code, where, says);

    [Fact]
    public void A_question_groups_by_anything_what_needs_no_more_room_with_more_rows()
    {
        var outcome = QueryCompiler.Compile("SELECT KURTOSIS(load) AS k, CORR(load, vibration) AS c, PEAK_TO_PEAK(load) AS p FROM pump", [Pump.Thing], 0, name => new DeviceId(name), new());
        var sink = new Answer();
        var flow = Dataflow.StartQuery(outcome.Value, sink, TimeProvider.System);
        for (var i = 0; i < 10; i++)
        {
            flow.Push(outcome.Value, Pump.First, Pump.StartNs + i, Pump.Row(-i, load: i), []);
        }

        flow.Complete();
        Assert.Equal(1.7757575757575757, sink.Values[0], 12);
        Assert.Equal(-1, sink.Values[1], 12);
        Assert.Equal(9, sink.Values[2]);
        var refusal = QueryCompiler.Compile("SELECT MEDIAN(load) AS m FROM pump GROUP BY device", [Pump.Thing], 0, name => new DeviceId(name), new()).Refusal;
        Assert.Equal(("pipeline.unsupported", "1:8"), (refusal.Code, refusal.Details[0].Where));
        Assert.True(QueryCompiler.Compile("SELECT MEDIAN(load) FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' HOUR) GROUP BY device, window_start, window_end", [Pump.Thing], 0, name => new DeviceId(name), new()).IsOk);
        const string unnamed = "SELECT COUNT(DISTINCT load) OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM pump";
        Assert.Equal("count", QueryCompiler.Compile(unnamed, [Pump.Thing], 0, name => new DeviceId(name), new()).Value.Columns[0].Name);
    }

    private static string Over(string frame) =>
        $"INSERT INTO o SELECT device, ts, {$"{Constant}, {Whole}".Replace("{0}", "OVER w", StringComparison.Ordinal)} FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts {frame})";

    private static double[] Naive(List<(long TimeNs, double X, double Y)> window)
    {
        var y = window.Where(row => !double.IsNaN(row.Y)).Select(row => row.Y).ToArray();
        var mean = y.DefaultIfEmpty(double.NaN).Average();
        double Central(int power) => y.Average(value => Math.Pow(value - mean, power));
        var still = y.Length == 0 || y.Max() == y.Min();
        var pairs = window.Where(row => !double.IsNaN(row.X) && !double.IsNaN(row.Y)).ToArray();
        var (meanX, meanY) = pairs.Length == 0 ? (double.NaN, double.NaN) : (pairs.Average(pair => pair.X), pairs.Average(pair => pair.Y));
        double xx = pairs.Sum(pair => (pair.X - meanX) * (pair.X - meanX)), yy = pairs.Sum(pair => (pair.Y - meanY) * (pair.Y - meanY)), xy = pairs.Sum(pair => (pair.X - meanX) * (pair.Y - meanY));
        var (stillX, stillY) = (pairs.Length == 0 || pairs.Max(pair => pair.X) == pairs.Min(pair => pair.X), pairs.Length == 0 || pairs.Max(pair => pair.Y) == pairs.Min(pair => pair.Y));
        var sorted = y.Order().ToArray();
        double Percentile(double share) => sorted.Length == 0 ? double.NaN
            : sorted[(int)Math.Floor(share * (sorted.Length - 1))] + ((share * (sorted.Length - 1) % 1) * (sorted[(int)Math.Ceiling(share * (sorted.Length - 1))] - sorted[(int)Math.Floor(share * (sorted.Length - 1))]));
        return
        [
            still ? double.NaN : Central(3) / Math.Pow(Central(2), 1.5), still ? double.NaN : Central(4) / Math.Pow(Central(2), 2),
            y.Length == 0 ? double.NaN : y.Max() - y.Min(), y.Length == 0 || y.All(value => value == 0) ? double.NaN : y.Max(Math.Abs) / Math.Sqrt(y.Average(value => value * value)),
            stillX || stillY ? double.NaN : xy / Math.Sqrt(xx * yy), pairs.Length == 0 ? double.NaN : xy / pairs.Length, pairs.Length < 2 ? double.NaN : xy / (pairs.Length - 1),
            stillX ? double.NaN : meanY - (xy / xx * meanX), stillX ? double.NaN : stillY ? 1 : xy * xy / (xx * yy),
            Percentile(0.5), Percentile(0.9), Percentile(0), Percentile(1), y.Distinct().Count(), y.Select(value => value > 5).Distinct().Count(),
            Energy(window, 0, 20), Energy(window, 20, 50),
        ];
    }

    // The transform by its definition, frequency by frequency, both halves of it.
    private static double Energy(List<(long TimeNs, double X, double Y)> window, double low, double high)
    {
        if (window.Any(row => double.IsNaN(row.Y)))
        {
            return double.NaN;
        }

        var energy = 0.0;
        for (var k = 0; k < window.Count; k++)
        {
            var hertz = Math.Min(k, window.Count - k) * 100.0 / window.Count;
            if (hertz >= low && (hertz < high || high == 50))
            {
                var real = window.Select((row, i) => row.Y * Math.Cos(2 * Math.PI * k * i / window.Count)).Sum();
                var imaginary = window.Select((row, i) => row.Y * Math.Sin(2 * Math.PI * k * i / window.Count)).Sum();
                energy += ((real * real) + (imaginary * imaginary)) / window.Count / window.Count;
            }
        }

        return energy;
    }

    private static bool Close(double expected, double actual) =>
        double.IsNaN(expected) ? double.IsNaN(actual) : Math.Abs(expected - actual) <= 1e-8 * Math.Max(1, Math.Abs(expected));

    private sealed class Answer : IQuerySink
    {
        public double[] Values { get; private set; } = [];

        public void Row(QueryRow row) => Values = [row.Number(0), row.Number(1), row.Number(2)];
    }
}
