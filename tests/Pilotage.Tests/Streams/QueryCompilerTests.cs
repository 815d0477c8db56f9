using System.Globalization;
using System.Text;
using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Streams;

/// <summary>Questions in the dialect of pipelines: what they may say beyond a pipeline, and what of a table they read.</summary>
public sealed class QueryCompilerTests
{
    private const long MinuteNs = 60_000_000_000;

    // 2023-11-14T22:00:00Z, and what NOW() is: a day later.
    private const long StartNs = Pump.StartNs;
    private const long NowNs = StartNs + (24 * Pump.HourNs);

    [Theory]
    [InlineData("SELECT * FROM pump", "", 0L, long.MaxValue, "vibration bearing_temp ambient load pressure running serial")]
    [InlineData("SELECT device, ts, load FROM pump WHERE ts >= '2023-11-14T23:00:00Z' AND ts < '2023-11-15 01:00:00'", "", 60L, (3 * 60L) - 1, "load")]
    [InlineData("SELECT ts FROM pump WHERE ts BETWEEN TIMESTAMP '2023-11-14 23:00:00' AND '2023-11-15T01:00:00.5+00:00' AND load > 3", "", 60L, 180L, "load")]
    [InlineData("SELECT ts FROM pump WHERE NOW() - INTERVAL '2' HOUR <= ts", "", 22 * 60L, long.MaxValue, "")]
    [InlineData("SELECT ts FROM pump WHERE ts > CURRENT_TIMESTAMP - INTERVAL '90' MINUTE - INTERVAL '30' MINUTE", "", 22 * 60L, long.MaxValue, "")]
    [InlineData("SELECT ts FROM pump WHERE ts = '2023-11-14T23:00:00Z' OR (ts > '2023-11-15' AND ts < '2023-11-15T01:00:00Z')", "", 60L, 179L, "")]
    [InlineData("SELECT ts FROM pump WHERE NOT ts < '2023-11-15'", "", 0L, long.MaxValue, "")]
    [InlineData("SELECT ts FROM pump WHERE device = 'pump-2'", "pump-2", 0L, long.MaxValue, "")]
    [InlineData("SELECT ts FROM pump WHERE device IN ('pump-2', 'pump-1') AND load < 1", "pump-2 pump-1", 0L, long.MaxValue, "load")]
    [InlineData("SELECT ts FROM pump WHERE device = 'pump-1' AND device <> 'pump-2'", "pump-1", 0L, long.MaxValue, "")]
    [InlineData("SELECT ts FROM pump WHERE device <> 'pump-2'", "", 0L, long.MaxValue, "")]
    [InlineData("SELECT t AS x FROM (SELECT ts AS t, load FROM pump WHERE device = 'pump-1') WHERE t >= '2023-11-14T23:00:00Z'", "pump-1", 60L, long.MaxValue, "load")]
    [InlineData("WITH v AS (SELECT ts, load + 1 AS l FROM pump) SELECT ts, l FROM v WHERE l > 2 AND ts >= '2023-11-14T23:00:00Z' LIMIT 3", "", 60L, long.MaxValue, "load")]
    [InlineData("WITH a AS (SELECT vibration FROM pump), b AS (SELECT ts, load FROM pump), c AS (SELECT pressure FROM b2) SELECT ts, load FROM b", "", -1L, 0L, "1:102: There is no table 'b2'")]
    [InlineData("WITH a AS (SELECT vibration FROM pump), b AS (SELECT ts, load FROM (SELECT ts, load FROM pump)), c AS (SELECT ambient FROM pump) SELECT ts, load FROM b", "", 0L, long.MaxValue, "load")]
    [InlineData(
        "SELECT * FROM (SELECT ts, AVG(load) OVER (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '30' MINUTE PRECEDING AND CURRENT ROW) AS a FROM pump) WHERE ts >= '2023-11-14T23:00:00Z'",
        "", 30L, long.MaxValue, "load")]
    [InlineData(
        "SELECT * FROM (SELECT ts, AVG(load) OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS a FROM pump) WHERE ts >= '2023-11-14T23:00:00Z' AND ts <= '2023-11-15'",
        "", 0L, 120L, "load")]
    public void Reads_only_what_it_needs(string sql, string devices, long firstMinute, long lastMinute, string reads)
    {
        if (firstMinute < 0)
        {
            // Views that nothing reads are checked all the same.
            Assert.StartsWith(reads, Refused(sql).Message, StringComparison.Ordinal);
            return;
        }

        var plan = Compile(sql);
        Assert.Equal(devices, string.Join(' ', plan.Devices ?? []));
        Assert.Equal(reads, string.Join(' ', plan.Reads));
        Assert.Equal(firstMinute, firstMinute == 0 ? plan.FirstNs : (plan.FirstNs - StartNs) / MinuteNs);
        Assert.Equal(lastMinute, lastMinute == long.MaxValue ? plan.LastNs : (plan.LastNs - StartNs) / MinuteNs);
    }

    [Theory]
    [InlineData("SELECT load FROM pump LIMIT 3", true, null)]
    [InlineData("SELECT device, ts FROM pump ORDER BY device, ts LIMIT 3", true, null)]
    [InlineData("SELECT ts FROM pump WHERE device = 'pump-1' ORDER BY ts LIMIT 3", true, null)]
    [InlineData("SELECT device, ts FROM pump ORDER BY ts LIMIT 3", false, null)]
    [InlineData("SELECT load FROM pump", false, null)]
    [InlineData("SELECT device, COUNT(*) AS n FROM pump GROUP BY device ORDER BY device LIMIT 3", false, null)]
    [InlineData("SELECT ts, load FROM pump WHERE load > 3 ORDER BY ts DESC, load LIMIT 3", false, 3)]
    [InlineData("SELECT ts FROM (SELECT ts, LAG(load) OVER (PARTITION BY device ORDER BY ts) AS l FROM pump) ORDER BY ts DESC LIMIT 3", false, null)]
    public void Reading_ends_early_only_where_it_may(string sql, bool endsEarly, int? newest)
    {
        var plan = Compile(sql);
        Assert.Equal((endsEarly, newest), (plan.EndsEarly, plan.Newest));
    }

    [Fact]
    public void A_condition_on_windows_reads_all_rows_of_them()
    {
        var plan = Compile(
            "SELECT window_start, AVG(load) AS a FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' HOUR) GROUP BY device, window_start, window_end");
        Assert.Equal((0L, long.MaxValue), (plan.FirstNs, plan.LastNs));
        plan = Compile(
            "SELECT * FROM (SELECT window_time, AVG(load) AS a FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' HOUR) GROUP BY device, window_start, window_end) "
            + "WHERE window_time >= '2023-11-15T00:00:00Z' AND window_time < '2023-11-15T02:00:00Z'");

        // The window that ends at 00:00 is stamped 23:59:59.999, before the condition; the one that ends at 01:00 begins at 00:00.
        Assert.Equal("2023-11-14T23:00:00.001Z 2023-11-15T02:00:00.000Z", $"{Time(plan.FirstNs)} {Time(plan.LastNs)}");
    }

    [Theory]
    [InlineData("SELECT load FROM pump", 1, "load 10 | load 20 | load 30 | load 5 | load NULL")]
    [InlineData("SELECT device, load FROM pump WHERE load > 8", 1, "device pump-1 load 10 | device pump-1 load 20 | device pump-1 load 30")]
    [InlineData("SELECT device, load FROM pump WHERE device = 'pump-2' OR load = 20", 1, "device pump-1 load 20 | device pump-2 load 5 | device pump-2 load NULL")]
    [InlineData("SELECT device, load FROM pump WHERE device <> 'pump-1' AND load IS NOT NULL", 1, "device pump-2 load 5")]
    [InlineData("SELECT CASE WHEN device = 'pump-1' THEN 'one' ELSE 'other' END AS who, load FROM pump LIMIT 4", 1, "who one load 10 | who one load 20 | who one load 30 | who other load 5")]
    [InlineData("SELECT load FROM pump ORDER BY load", 1, "load 5 | load 10 | load 20 | load 30 | load NULL")]
    [InlineData("SELECT load FROM pump ORDER BY load DESC LIMIT 2", 1, "load 30 | load 20")]
    [InlineData("SELECT load FROM pump ORDER BY load DESC", 1, "load 30 | load 20 | load 10 | load 5 | load NULL")]
    [InlineData("SELECT device, load FROM pump ORDER BY device DESC, load DESC LIMIT 3", 1, "device pump-2 load 5 | device pump-2 load NULL | device pump-1 load 30")]
    [InlineData("SELECT load FROM pump LIMIT 0", 1, "")]
    [InlineData("SELECT COUNT(*), AVG(load), MAX(load) - MIN(load) AS spread FROM pump", 1, "count 5 avg 16.25 spread 25")]
    [InlineData("SELECT COUNT(*) AS n, SUM(load) FROM pump WHERE load > 1000", 1, "n 0 sum NULL")]
    [InlineData("SELECT device, AVG(load) AS a, LAST_VALUE(load) FROM pump GROUP BY device", 1, "device pump-1 a 20 last_value 30 | device pump-2 a 5 last_value 5")]
    [InlineData("SELECT device, AVG(load) AS a FROM pump GROUP BY device HAVING a > 1", 0, "1:64: HAVING does not know 'a', a name that SELECT gives to what it computes from the groups. Write what it stands for: AVG(load).")]
    [InlineData("SELECT device, AVG(load) AS a FROM pump GROUP BY device HAVING MAX(a) > 1", 0, "1:68: HAVING does not know 'a'")]
    [InlineData("SELECT device, AVG(load) AS a FROM pump GROUP BY device HAVING b > 1", 0, "1:64: There is no column 'b' outside an aggregate of a grouped query. Expected one of device.")]
    [InlineData("SELECT device, AVG(load) AS a FROM pump GROUP BY device HAVING AVG(load) > 10 AND device <> 'pump-9'", 0, "1:")]
    [InlineData("SELECT device, AVG(load) AS a FROM pump GROUP BY device HAVING AVG(load) > 10", 1, "device pump-1 a 20")]
    [InlineData("SELECT device, AVG(load) AS a FROM pump GROUP BY device ORDER BY a LIMIT 1", 1, "device pump-2 a 5")]
    [InlineData("SELECT running, COUNT(*) AS n FROM pump GROUP BY running", 1, "running true n 5")]
    [InlineData(
        "SELECT window_start, SUM(load) AS s FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '2' HOURS) GROUP BY window_start ORDER BY window_start",
        1, "window_start 22:00 s 35 | window_start 00:00 s 30")]
    [InlineData(
        "SELECT device, window_start, SUM(load) AS s FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '2' HOURS) GROUP BY device, window_start, window_end",
        1, "device pump-1 window_start 22:00 s 30 | device pump-1 window_start 00:00 s 30 | device pump-2 window_start 22:00 s 5")]
    [InlineData(
        "SELECT window_end, COUNT(*) AS n FROM HOP(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '2' HOURS) WHERE load > 0 GROUP BY window_end ORDER BY window_end",
        1, "window_end 23:00 n 2 | window_end 00:00 n 3 | window_end 01:00 n 2 | window_end 02:00 n 1")]
    [InlineData(
        "SELECT AVG(s) AS a FROM (SELECT device, SUM(load) AS s FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '2' HOURS) GROUP BY device, window_start, window_end)",
        1, "a 21.666666666666668")]
    [InlineData("SELECT ts - INTERVAL '1' HOUR AS before, ts FROM pump WHERE device = 'pump-2' ORDER BY before LIMIT 1", 1, "before 21:00 ts 22:00")]
    [InlineData(
        "SELECT load, SUM(load) OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM pump WHERE load >= 10",
        1, "load 10 s 10 | load 20 s 30 | load 30 s 50")]
    public void Answers_what_was_asked(string sql, int isAnswered, string expected)
    {
        if (isAnswered == 0)
        {
            Assert.StartsWith(expected, Refused(sql).Message, StringComparison.Ordinal);
            return;
        }

        var plan = Compile(sql);
        var told = new Told(plan);
        var flow = Dataflow.StartQuery(plan, told, TimeProvider.System);
        void Push(string device, long hour, double load) => flow.Push(plan, new(device), StartNs + (hour * Pump.HourNs), Pump.Row(1, load: load), []);
        Push("pump-1", 0, 10);
        Push("pump-1", 1, 20);
        Push("pump-1", 2, 30);
        flow.End(new("pump-1"));
        Push("pump-2", 0, 5);
        Push("pump-2", 1, double.NaN);
        flow.End(new("pump-2"));
        flow.Complete();
        Assert.Null(flow.Overflow);
        Assert.Equal(expected, told.ToString());
    }

    [Theory]
    [InlineData("SELECT lod FROM pump", "pipeline.unknown_column", "1:8", "Did you mean load?")]
    [InlineData("SELECT load FROM pumpp", "pipeline.unknown_table", "1:18", "Did you mean pump?")]
    [InlineData("SELECT load FROM pump WHERE ts > 'yesterday'", "pipeline.type", "1:34", "'yesterday' is not a time; write it as")]
    [InlineData("SELECT load FROM pump WHERE ts > '2026-02-30'", "pipeline.type", "1:34", "is not a time")]
    [InlineData("SELECT load FROM pump WHERE device = 'pump-9'", "pipeline.unknown_device", "1:38", "no device pump-9")]
    [InlineData("SELECT load FROM pump WHERE device < 'pump-1'", "pipeline.type", "1:36", "there is no <")]
    [InlineData("SELECT load FROM pump WHERE device = 3", "pipeline.type", "1:36", "Cannot compare")]
    [InlineData("SELECT load FROM pump WHERE ts > NOW() * INTERVAL '1' HOUR", "pipeline.type", "1:40", "found *")]
    [InlineData("SELECT load FROM pump WHERE ts > INTERVAL '1' HOUR", "pipeline.type", "1:32", "found > with a time")]
    [InlineData("SELECT load FROM pump WHERE INTERVAL '1' HOUR + ts > NOW()", "pipeline.type", "1:29", "stands on the right of it")]
    [InlineData("SELECT load FROM pump WHERE load > 1 + INTERVAL '1' HOUR", "pipeline.type", "1:38", "with a number")]
    [InlineData("SELECT load FROM pump ORDER BY vibration", "pipeline.unknown_column", "1:32", "in what is selected")]
    [InlineData("SELECT load FROM pump LIMIT -1", "pipeline.syntax", "1:29", "a number of rows")]
    [InlineData("SELECT load FROM pump LIMIT 1.5", "pipeline.limit", "1:23", "a whole number")]
    [InlineData("SELECT load FROM pump ORDER BY load LIMIT 1000000", "pipeline.limit", "1:32", "at most 200000")]
    [InlineData("SELECT load FROM pump LIMIT 1 OFFSET 2", "pipeline.unsupported", "1:31", "OFFSET is not part of the dialect")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump", "pipeline.unsupported", "1:1", "A question only reads")]
    [InlineData("SELECT load FROM pump; DELETE FROM pump", "pipeline.unsupported", "1:24", "A question only reads")]
    [InlineData("SELECT load FROM pump; SELECT load FROM pump", "pipeline.syntax", "1:24", "Expected")]
    [InlineData("SELECT device, load FROM pump GROUP BY device", "pipeline.unknown_column", "1:16", "outside an aggregate")]
    [InlineData("SELECT device, LAG(load) AS l FROM pump GROUP BY device", "pipeline.unsupported", "1:16", "LAG cannot be used so")]
    [InlineData("SELECT a FROM (SELECT load AS a FROM pump ORDER BY a)", "pipeline.syntax", "1:43", "')'")]
    [InlineData("SELECT rul FROM ML_PREDICT(TABLE pump, MODEL m, DESCRIPTOR(load))", "pipeline.unknown_model", "1:46", "There are none")]
    [InlineData("SELECT vibration + load AS x FROM pump", "pipeline.unit", "1:18", "mm/s")]
    [InlineData("SELECT load, load FROM pump", "pipeline.ambiguous", "1:14", "Two columns are called load")]
    [InlineData("SELECT load > 4 AS high, COUNT(*) FROM pump GROUP BY high", "pipeline.unsupported", "1:54", "Name it in a query inside: SELECT high, COUNT(*) FROM (SELECT … AS high FROM …) GROUP BY high")]
    [InlineData("SELECT COUNT(*) FROM pump GROUP BY hight", "pipeline.unknown_column", "1:36", "There is no column 'hight' in the table, which is what GROUP BY groups by")]
    [InlineData("SELECT load FROM pump WHERE serial ILIKE 'run%'", "pipeline.unsupported", "1:36", "ILIKE is not part of the dialect; write x LIKE 'a%'")]
    [InlineData("SELECT load FROM pump WHERE device NOT LIKE 'pump%'", "pipeline.unsupported", "1:29", "--path 'acme/lyon/**'")]
    [InlineData("", "pipeline.syntax", "1:1", "SELECT")]
    public void A_fault_is_told_by_its_place(string sql, string code, string where, string says)
    {
        var refusal = Refused(sql);
        Assert.Equal((code, where), (refusal.Code, refusal.Details[0].Where));
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump ORDER BY load", "1:49", "ORDER")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump LIMIT 3", "1:49", "LIMIT")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump WHERE ts > '2026-01-01'", "1:58", "a time and a text")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump WHERE device = 'pump-1'", "1:62", "a device and a text")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump WHERE ts > NOW()", "1:60", "NOW")]
    [InlineData("INSERT INTO o SELECT device, ts, AVG(load) AS a FROM pump GROUP BY device", "1:68", "TUMBLE or HOP")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump WHERE device LIKE 'p%'", "1:55", "A device is no text")]
    [InlineData("SELECT load FROM pump", "1:1", "CREATE")]
    public void A_pipeline_goes_on_refusing_what_only_a_question_may_say(string sql, string where, string says)
    {
        var refusal = Pump.Refused(sql);
        Assert.Equal(where, refusal.Details[0].Where);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_would_not_fit_is_refused_and_not_cut()
    {
        var limits = new PipelineLimits { GroupsMax = 3, SortedRowsMax = 3, WindowRowsMax = 3 };
        foreach (var (sql, code) in new[]
        {
            ("SELECT load, COUNT(*) FROM pump GROUP BY load", "pipeline.groups"),
            ("SELECT load FROM pump ORDER BY load", "pipeline.sorted_rows"),
            ("SELECT SUM(load) AS s FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' DAY) GROUP BY device, window_start, window_end", "pipeline.window_rows"),
        })
        {
            foreach (var rows in (int[])[3, 4])
            {
                var plan = QueryCompiler.Compile(sql, [Pump.Thing], NowNs, Resolve, limits).Value;
                var flow = Dataflow.StartQuery(plan, new Told(plan), TimeProvider.System);
                for (var i = 0; i < rows; i++)
                {
                    flow.Push(plan, Pump.First, StartNs + i, Pump.Row(1, load: i), []);
                }

                Assert.Equal(rows == 4 ? code : null, flow.Overflow?.Code);
            }
        }
    }

    [Fact]
    public void The_first_of_many_rows_are_those_of_putting_all_in_order()
    {
        var random = new Random(TestSize.Seed);
        var plan = Compile("SELECT load, vibration FROM pump ORDER BY load DESC, vibration LIMIT 700");
        var told = new Told(plan);
        var flow = Dataflow.StartQuery(plan, told, TimeProvider.System);
        var rows = new List<(double Load, double Vibration)>();
        for (var i = 0; i < 20_000; i++)
        {
            var row = (Load: (double)random.Next(500), Vibration: (double)i);
            rows.Add(row);
            flow.Push(plan, Pump.First, StartNs + i, Pump.Row(row.Vibration, load: row.Load), []);
        }

        flow.Complete();
        var expected = rows.OrderByDescending(row => row.Load).ThenBy(row => row.Vibration).Take(700);
        Assert.Equal(string.Join(" | ", expected.Select(row => $"load {row.Load} vibration {row.Vibration}")), told.ToString());
    }

    [Fact]
    public void Never_throws_on_mutated_text()
    {
        const string Sample = "WITH v AS (SELECT device, ts, AVG(load) OVER w AS a FROM pump WHERE device IN ('pump-1') AND ts > NOW() - INTERVAL '1' DAY "
            + "WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)) "
            + "SELECT device, MAX(a) AS m, COUNT(*) FROM v WHERE ts >= TIMESTAMP '2026-01-01 00:00:00' GROUP BY device HAVING MAX(a) > 3 ORDER BY m DESC, device LIMIT 10;";
        string[] words =
        [
            "SELECT", "WITH", "ORDER BY", "LIMIT", "INTERVAL '1' HOUR", "TIMESTAMP", "'2026-01-01'", "NOW()", "device", "=", "(", ")", ",",
            "TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' HOUR)", "window_start", "GROUP BY", "*", "-",
        ];
        var random = new Random(TestSize.Seed);
        var refused = 0;
        for (var i = 0; i < 3_000; i++)
        {
            var text = new StringBuilder(Sample);
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var at = random.Next(text.Length);
                _ = random.Next(3) switch
                {
                    0 => text.Remove(at, Math.Min(random.Next(1, 12), text.Length - at)),
                    1 => text.Insert(at, words[random.Next(words.Length)] + " "),
                    _ => text.Insert(at, (char)random.Next(1, 0x250)),
                };
            }

            refused += QueryCompiler.Compile(text.ToString(), [Pump.Thing], NowNs, Resolve, new()).IsOk ? 0 : 1;
        }

        Assert.InRange(refused, 1_000, 2_999);
    }

    private static Outcome<DeviceId> Resolve(string name) =>
        name is "pump-1" or "pump-2" ? new DeviceId(name) : new Refusal("fleet.device.not_found", $"There is no device {name}.");

    private static QueryPlan Compile(string sql)
    {
        var outcome = QueryCompiler.Compile(sql, [Pump.Thing], NowNs, Resolve, new());
        Assert.True(outcome.IsOk, outcome.IsOk ? "" : outcome.Refusal.ToString());
        return outcome.Value;
    }

    private static Refusal Refused(string sql)
    {
        var outcome = QueryCompiler.Compile(sql, [Pump.Thing], NowNs, Resolve, new());
        Assert.False(outcome.IsOk, "expected a refusal");
        return outcome.Refusal;
    }

    private static string Time(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / 100).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Writes rows down by name; times by their hour and minute.</summary>
    private sealed class Told(QueryPlan plan) : IQuerySink
    {
        private readonly List<string> _rows = [];

        public void Row(QueryRow row)
        {
            var cells = new List<string>();
            for (var i = 0; i < plan.Columns.Count; i++)
            {
                var value = row.IsNull(i) ? "NULL" : plan.Columns[i].Kind switch
                {
                    QueryKind.Device => row.Device.Value,
                    QueryKind.Text => row.Text(i),
                    QueryKind.Truth => row.Number(i) != 0 ? "true" : "false",
                    QueryKind.Time => DateTimeOffset.UnixEpoch.AddTicks(row.TimeNs(i) / 100).ToString("HH:mm", CultureInfo.InvariantCulture),
                    _ => row.Number(i).ToString("R", CultureInfo.InvariantCulture),
                };
                cells.Add($"{plan.Columns[i].Name} {value}");
            }

            _rows.Add(string.Join(' ', cells));
        }

        public override string ToString() => string.Join(" | ", _rows);
    }
}
