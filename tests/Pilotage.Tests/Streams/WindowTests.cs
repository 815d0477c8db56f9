using System.Buffers;
using Pilotage.Core;
using Xunit;

namespace Pilotage.Tests.Streams;

/// <summary>Every aggregate over every kind of frame, against the plainest computation of the same.</summary>
public sealed class WindowTests
{
    private const string Columns =
        "COUNT(*) OVER w AS c0, COUNT(vibration) OVER w AS c1, SUM(vibration) OVER w AS c2, AVG(vibration) OVER w AS c3, " +
        "MIN(vibration) OVER w AS c4, MAX(vibration) OVER w AS c5, STDDEV(vibration) OVER w AS c6, STDDEV_POP(vibration) OVER w AS c7, " +
        "VAR_SAMP(vibration) OVER w AS c8, VAR_POP(vibration) OVER w AS c9, RMS(vibration) OVER w AS c10, " +
        "REGR_SLOPE(vibration, load) OVER w AS c11, REGR_SLOPE(vibration, ts) OVER w AS c12, FIRST_VALUE(vibration) OVER w AS c13, " +
        "LAST_VALUE(vibration) OVER w AS c14, LAG(vibration, 2) OVER w AS c15";

    [Theory]
    [InlineData("ROWS BETWEEN 0 PRECEDING AND CURRENT ROW", 0, 0)]
    [InlineData("ROWS BETWEEN 6 PRECEDING AND CURRENT ROW", 6, 0)]
    [InlineData("ROWS BETWEEN 40 PRECEDING AND CURRENT ROW", 40, 0)]
    [InlineData("RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW", 0, 5)]
    [InlineData("RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW", 0, 60)]
    [InlineData("ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", -1, 0)]
    [InlineData("RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", -1, 0)]
    [InlineData("", -1, 0)]
    public void Agree_with_the_plain_computation(string frame, int rows, int seconds)
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(
            $"INSERT INTO o SELECT device, ts, {Columns} FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts {frame})"), sink);
        var history = new List<(long TimeNs, double X, double Y)>();
        var random = new Random(7);
        var now = Pump.StartNs;
        for (var i = 0; i < 400; i++)
        {
            now += random.NextInt64(1, 3_000_000_000);
            var y = random.Next(8) == 0 ? double.NaN : 1000 + (random.NextDouble() * 3);
            var x = random.Next(12) == 0 ? double.NaN : random.NextDouble() * 100;
            history.Add((now, x, y));
            flow.Push(0, Pump.First, now, Pump.Row(y, load: x), i);

            // Another device in between must not matter.
            flow.Push(0, new DeviceId("other"), now, Pump.Row(random.NextDouble()), i);
            var window = rows < 0 ? history
                : seconds > 0 ? history.FindAll(row => row.TimeNs >= now - (seconds * 1_000_000_000L))
                : history.TakeLast(rows + 1).ToList();
            var expected = Naive(window, history);
            var actual = sink.Rows[^2].Values;
            for (var c = 0; c < expected.Length; c++)
            {
                Assert.True(Close(expected[c], actual[c]), $"row {i}, c{c}: expected {expected[c]:R}, found {actual[c]:R}");
            }
        }
    }

    [Fact]
    public void Depend_on_the_rows_in_the_window_alone()
    {
        var random = new Random(11);
        var rows = Enumerable.Range(0, 500).Select(_ => random.NextDouble() * 1e6).ToArray();
        var whole = Run(rows, 0);
        foreach (var start in new[] { 1, 2, 3, 7, 250 })
        {
            var part = Run(rows, start);
            for (var i = start + 40; i < rows.Length; i++)
            {
                Assert.Equal(whole[i], part[i - start]);
            }
        }

        static List<string> Run(double[] rows, int start)
        {
            var sink = new RecordingSink();
            var flow = Pump.Start(Pump.Compile($"INSERT INTO o SELECT device, ts, {Columns} FROM pump WINDOW w AS " +
                "(PARTITION BY device ORDER BY ts ROWS BETWEEN 37 PRECEDING AND CURRENT ROW)"), sink);
            for (var i = start; i < rows.Length; i++)
            {
                flow.Push(0, Pump.First, Pump.StartNs + i, Pump.Row(rows[i], load: rows[i] % 7), i);
            }

            return sink.Lines;
        }
    }

    [Fact]
    public void Lose_no_digits_to_a_large_mean()
    {
        var values = Enumerable.Range(0, 20_000).Select(i => 1e9 + (i % 2)).ToArray();
        var bounded = Pump.Evaluate("STDDEV_POP(vibration) OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 99 PRECEDING AND CURRENT ROW)", values);
        var running = Pump.Evaluate("STDDEV_POP(vibration) OVER (PARTITION BY device ORDER BY ts)", values);
        Assert.Equal(0.5, bounded[^1], 9);
        Assert.Equal(0.5, running[^1], 6);
        Assert.Equal(0.1 * 20_000, Pump.Evaluate("SUM(vibration) OVER (PARTITION BY device ORDER BY ts)", [.. values.Select(_ => 0.1)])[^1], 11);
    }

    [Theory]
    [InlineData("STDDEV", 0.0)]
    [InlineData("VAR_POP", 0.0)]
    [InlineData("REGR_SLOPE(load, ", double.NaN)]
    public void Of_a_signal_that_stands_still_are_exact(string function, double expected)
    {
        var call = function.Contains('(', StringComparison.Ordinal) ? function + "vibration)" : function + "(vibration)";
        foreach (var frame in new[] { "ROWS BETWEEN 8 PRECEDING AND CURRENT ROW", "" })
        {
            var sink = new RecordingSink();
            var flow = Pump.Start(Pump.Compile($"INSERT INTO o SELECT device, ts, {call} OVER (PARTITION BY device ORDER BY ts {frame}) AS x FROM pump"), sink);
            for (var i = 0; i < 50; i++)
            {
                flow.Push(0, Pump.First, i, Pump.Row(0.1, load: Math.Sin(i)), i);
            }

            Assert.All(sink.Rows.Skip(2), row => Assert.Equal(expected, row.Values[0]));
        }
    }

    [Fact]
    public void Share_their_rows_and_their_equal_aggregates()
    {
        Assert.Equal([0, 1], Pump.Evaluate("(AVG(vibration) OVER w - MIN(vibration) OVER w) * 2 + (AVG(vibration) OVER w - AVG(vibration) OVER w)", 1, 2));
    }

    [Theory]
    [InlineData("ROWS BETWEEN 3 PRECEDING AND CURRENT ROW", "ROWS BETWEEN 30 PRECEDING AND CURRENT ROW")]
    [InlineData("RANGE BETWEEN INTERVAL '4' SECOND PRECEDING AND CURRENT ROW", "RANGE BETWEEN INTERVAL '50' SECOND PRECEDING AND CURRENT ROW")]
    public void Of_many_lengths_are_what_each_is_alone(string shorter, string longer)
    {
        string Query(string columns) => $"INSERT INTO o SELECT device, ts, {columns} FROM pump " +
            $"WINDOW s AS (PARTITION BY device ORDER BY ts {shorter}), l AS (PARTITION BY device ORDER BY ts {longer})";
        string[] columns =
        [
            "AVG(vibration) OVER s AS a", "REGR_SLOPE(vibration, load) OVER l AS b", "COUNT(*) OVER s AS c", "COUNT(*) OVER l AS d",
            "MAX(load) OVER s AS e", "FIRST_VALUE(load) OVER l AS f", "STDDEV(vibration) OVER s AS g", "LAG(vibration, 9) OVER s AS h",
        ];
        var together = Run(Query(string.Join(", ", columns)));
        for (var i = 0; i < columns.Length; i++)
        {
            var alone = Run(Query(columns[i]));
            for (var row = 0; row < alone.Count; row++)
            {
                Assert.Equal(BitConverter.DoubleToInt64Bits(alone[row][0]), BitConverter.DoubleToInt64Bits(together[row][i]));
            }
        }

        static List<double[]> Run(string sql)
        {
            var sink = new RecordingSink();
            var flow = Pump.Start(Pump.Compile(sql), sink);
            var random = new Random(31);
            var now = Pump.StartNs;
            for (var i = 0; i < 300; i++)
            {
                now += random.NextInt64(1, 3_000_000_000);
                flow.Push(0, Pump.First, now, Pump.Row(random.Next(9) == 0 ? double.NaN : random.NextDouble(), load: random.Next(100)), i);
            }

            return [.. sink.Rows.Select(row => row.Values)];
        }
    }

    [Fact]
    public void That_only_count_keep_no_rows()
    {
        var count = Checkpointed("COUNT(*) OVER w");
        Assert.True(count < Checkpointed("COUNT(vibration) OVER w") - 7_000, $"{count} bytes");

        static int Checkpointed(string column)
        {
            var flow = Pump.Start(Pump.Compile($"INSERT INTO o SELECT device, ts, {column} AS n FROM pump WINDOW w AS " +
                "(PARTITION BY device ORDER BY ts ROWS BETWEEN 999 PRECEDING AND CURRENT ROW)"), new SilentSink());
            for (var i = 0; i < 3_000; i++)
            {
                flow.Push(0, Pump.First, i, Pump.Row(i), i);
            }

            var bytes = new ArrayBufferWriter<byte>();
            flow.Checkpoint(bytes);
            return bytes.WrittenCount;
        }
    }

    [Fact]
    public void Allocate_nothing_once_they_are_full()
    {
        var flow = Pump.Start(Pump.Compile($"CREATE VIEW f AS SELECT device, ts, load, {Columns} FROM pump WINDOW w AS " +
            "(PARTITION BY device ORDER BY ts ROWS BETWEEN 37 PRECEDING AND CURRENT ROW); " +
            "INSERT INTO o SELECT device, window_end AS ts, AVG(c3) AS x FROM TUMBLE(TABLE f, DESCRIPTOR(ts), INTERVAL '1' SECOND) " +
            "GROUP BY device, window_start, window_end; " +
            "INSERT INTO alerts SELECT device, ts, 'k' AS kind, c3 AS score FROM f WHERE c3 > 5"), new SilentSink());
        var row = Pump.Row(1);
        for (var i = 0; i < 1_000; i++)
        {
            Push(i);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1_000; i < 11_000; i++)
        {
            Push(i);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Push(int i)
        {
            row[0] = i % 11;
            flow.Push(0, Pump.First, Pump.StartNs + (i * 100_000_000L), row, i);
        }
    }

    private static double[] Naive(List<(long TimeNs, double X, double Y)> window, List<(long TimeNs, double X, double Y)> history)
    {
        var y = window.Where(row => !double.IsNaN(row.Y)).Select(row => row.Y).ToArray();
        var mean = y.Length == 0 ? double.NaN : y.Average();
        var squares = y.Sum(value => (value - mean) * (value - mean));
        double Or(double value, int least = 1) => y.Length >= least ? value : double.NaN;
        var pairs = window.Where(row => !double.IsNaN(row.X) && !double.IsNaN(row.Y)).Select(row => (row.X, row.Y)).ToArray();
        var timed = window.Where(row => !double.IsNaN(row.Y)).Select(row => ((row.TimeNs - Pump.StartNs) / 1e9, row.Y)).ToArray();
        return
        [
            window.Count, y.Length, Or(y.Sum()), mean, Or(y.DefaultIfEmpty().Min()), Or(y.DefaultIfEmpty().Max()),
            Or(Math.Sqrt(squares / (y.Length - 1)), 2), Or(Math.Sqrt(squares / y.Length)),
            Or(squares / (y.Length - 1), 2), Or(squares / y.Length), Or(Math.Sqrt(y.Sum(value => value * value) / y.Length)),
            Slope(pairs), Slope(timed), Or(y.FirstOrDefault()), Or(y.LastOrDefault()),
            history.Count > 2 ? history[^3].Y : double.NaN,
        ];
    }

    private static double Slope((double X, double Y)[] pairs)
    {
        if (pairs.Length < 2)
        {
            return double.NaN;
        }

        var (meanX, meanY) = (pairs.Average(pair => pair.X), pairs.Average(pair => pair.Y));
        return pairs.Sum(pair => (pair.X - meanX) * (pair.Y - meanY)) / pairs.Sum(pair => (pair.X - meanX) * (pair.X - meanX));
    }

    private static bool Close(double expected, double actual) =>
        double.IsNaN(expected) ? double.IsNaN(actual) : Math.Abs(expected - actual) <= 1e-7 * Math.Max(1, Math.Abs(expected));
}
