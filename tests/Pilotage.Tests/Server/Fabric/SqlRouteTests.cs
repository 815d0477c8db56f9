using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fabric.Sql;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Questions in SQL over HTTP: tables, answers, bounds, and the same answers as a plain reading of the points gives.</summary>
public sealed class SqlRouteTests : IAsyncLifetime
{
    private const string Route = "/api/v1/sql";
    private const long Second = 1_000_000_000;
    private const long Start = 1_767_225_600 * Second; // 2026-01-01T00:00:00Z
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;
    private readonly ITestOutputHelper _output;

    public SqlRouteTests(ITestOutputHelper output) => (_pipeline, _output) = (new RequestPipeline(_server), output);

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [
            new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }, new DeviceDeclaration("acme/lyon/pump-2", "pump") { Id = new("p2") },
            new DeviceDeclaration("acme/nancy/fan-1", "fan") { Id = new("f1") }, new DeviceDeclaration("acme/nancy/lamp-1", "lamp") { Id = new("l1") }]);
        var batch = new PointBatch();
        void Add(string device, string property, long second, SeriesValue value, Quality quality = Quality.Good) =>
            batch.Add(new SeriesKey(Acme, new DeviceId(device), property), Start + (second * Second), value, quality, 0);
        Add("p1", "load", 2, SeriesValue.Of(30));
        Add("p1", "load", 0, SeriesValue.Of(10.5));
        Add("p1", "load", 1, SeriesValue.Of(99), Quality.Bad);
        Add("p1", "temp.c", 0, SeriesValue.Of(60));
        Add("p1", "temp.c", 1, SeriesValue.Of(61));
        Add("p1", "on", 0, SeriesValue.OfTruth(true));
        Add("p1", "state", 3, SeriesValue.OfText("idle"));
        Add("p1", "days@rul/1", 0, SeriesValue.Of(7));
        Add("p2", "load", 0, SeriesValue.Of(double.NaN));
        Add("p2", "load", 1, SeriesValue.Of(1), Quality.Uncertain);
        Add("f1", "speed", 0, SeriesValue.OfWhole(1_400));
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
        var td = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","@type":"tm:ThingModel","title":"Pump","properties":{"load":{"type":"number","unit":"%"},"flow":{"type":"number","unit":"m3/h"}}}""";
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/things/pump/description", td)).Status);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("SELECT * FROM pump", "device,ts,load,flow,on,state,temp.c|"
        + "p1,2026-01-01T00:00:00Z,10.5,,true,,60|p1,2026-01-01T00:00:01Z,,,,,61|p1,2026-01-01T00:00:02Z,30,,,,|p1,2026-01-01T00:00:03Z,,,,idle,|p2,2026-01-01T00:00:01Z,1,,,,")]
    [InlineData("SELECT UPPER(state) AS s, COUNT(*) AS n FROM (SELECT state FROM pump WHERE state LIKE 'id%') GROUP BY state", "s,n|IDLE,1")]
    [InlineData("SELECT ts, state || '!' AS s FROM pump WHERE state LIKE 'id%'", "ts,s|2026-01-01T00:00:03Z,idle!")]
    [InlineData("SELECT state, COUNT(*) AS n FROM pump WHERE state IS NOT NULL GROUP BY state", "state,n|idle,1")]
    [InlineData("SELECT device, ts, load FROM pump WHERE ts >= '2026-01-01T00:00:01Z'", "device,ts,load|p1,2026-01-01T00:00:02Z,30|p2,2026-01-01T00:00:01Z,1")]
    [InlineData("SELECT ts, `temp.c` AS t FROM pump WHERE device = 'pump-1'", "ts,t|2026-01-01T00:00:00Z,60|2026-01-01T00:00:01Z,61")]
    [InlineData("SELECT ts, `days@rul/1` AS d FROM pump", "ts,d|2026-01-01T00:00:00Z,7")]
    [InlineData("SELECT device, COUNT(*) AS n FROM pump GROUP BY device", "device,n|p1,4|p2,1")]
    [InlineData("SELECT speed FROM fan", "speed|1400")]
    [InlineData("SELECT COUNT(*) FROM lamp", "count|0")]
    [InlineData("SELECT load FROM pump ORDER BY ts DESC LIMIT 1", "")]
    [InlineData("SELECT ts, load FROM pump ORDER BY ts DESC LIMIT 2", "ts,load|2026-01-01T00:00:02Z,30|2026-01-01T00:00:01Z,1")]
    [InlineData("SELECT ts, load, 'x' AS label FROM pump WHERE load > 5 LIMIT 1", "ts,load,label|2026-01-01T00:00:00Z,10.5,x")]
    public async Task A_thing_type_is_a_table(string sql, string expected)
    {
        var answer = await AskAsync(sql, "text/csv");
        if (expected.Length == 0)
        {
            Assert.Equal(422, answer.Status);
            return;
        }

        Assert.Equal((200, expected), (answer.Status, answer.Text.TrimEnd().Replace("\r\n", "|", StringComparison.Ordinal)));
        Assert.Equal("text/csv; charset=utf-8; header=present", answer.Response.ContentType);
    }

    [Fact]
    public async Task An_answer_in_JSON_says_what_its_columns_are()
    {
        var answer = await AskAsync("SELECT device, ts, load, `on`, 'x' AS label FROM pump WHERE device = 'p1' LIMIT 2", "application/json");
        Assert.Equal(
            """{"columns":[{"name":"device","type":"device","unit":null},{"name":"ts","type":"time","unit":null},{"name":"load","type":"number","unit":"%"},"""
            + """{"name":"on","type":"boolean","unit":null},{"name":"label","type":"text","unit":null}],"items":[["p1","2026-01-01T00:00:00Z",10.5,true,"x"],["p1","2026-01-01T00:00:02Z",30,null,"x"]],"rows":2,"pointsRead":4}""",
            answer.Text);
        Assert.Equal("application/json; charset=utf-8", answer.Response.ContentType);
    }

    [Fact]
    public async Task Path_and_time_narrow_what_the_table_has()
    {
        var all = new JsonObject { ["sql"] = "SELECT COUNT(load) AS n FROM pump", ["path"] = "acme/lyon/pump-1" };
        Assert.Equal("2", $"{(await _pipeline.AskAsync("POST", Route, all.ToJsonString())).Json["items"]![0]![0]}");
        all["from"] = "2026-01-01T00:00:00.5Z";
        Assert.Equal("1", $"{(await _pipeline.AskAsync("POST", Route, all.ToJsonString())).Json["items"]![0]![0]}");
        all["to"] = "2026-01-01T00:00:02Z";
        Assert.Equal("0", $"{(await _pipeline.AskAsync("POST", Route, all.ToJsonString())).Json["items"]![0]![0]}");
    }

    [Theory]
    [InlineData("SELECT load FROM pmp", 422, "1:18: There is no table 'pmp'. Did you mean pump?")]
    [InlineData("SELECT status FROM pump", 422, "There is no column 'status'")]
    [InlineData("SELECT load FROM pump WHERE device = 'pump-9'", 422, "1:38: There is no device pump-9")]
    [InlineData("DROP TABLE pump", 422, "A question only reads")]
    [InlineData("SELECT load FROM pump ORDER BY flow", 422, "ORDER BY orders by")]
    public async Task What_cannot_be_answered_is_said(string sql, int status, string says)
    {
        var answer = await AskAsync(sql, "application/json");
        Assert.Equal(status, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Times_the_wrong_way_round_are_refused()
    {
        var answer = await _pipeline.AskAsync("POST", Route, """{"sql":"SELECT load FROM pump","from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}""");
        Assert.Equal(400, answer.Status);
        Assert.Contains("the earlier time as from", answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_many_run_at_once_and_each_leaves()
    {
        var limits = _server.Get<SqlLimits>();
        var places = Enumerable.Range(0, 4).Select(_ => limits.Enter().Value).ToList();
        var answer = await AskAsync("SELECT load FROM pump", "application/json");
        Assert.Equal(429, answer.Status);
        Assert.Contains("4 questions are being answered already", answer.Detail(), StringComparison.Ordinal);
        places[0].Dispose();
        places[0].Dispose();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await AskAsync("SELECT load FROM pump", "application/json")).Status);
            Assert.Equal(422, (await AskAsync("SELECT lod FROM pump", "application/json")).Status);
        }
    }

    [Fact]
    public async Task What_would_cost_too_much_is_refused_with_the_estimate_and_LIMIT_reads_no_more_than_it_needs()
    {
        await using var store = new StoreFixture().Open(headPointsMax: 10_000);
        for (var i = 0; i < 500; i++)
        {
            await store.AppendAsync(StoreFixture.Row("p1", Start + (i * Second), ("a", i), ("b", i)), null, default);
        }

        var (refusal, _, _) = await RunAsync(store, "SELECT a, b FROM pump", pointsMax: 900);
        Assert.Equal("fabric.query.cost", refusal?.Code);
        Assert.Contains("would read about 1,000 points", refusal?.Message, StringComparison.Ordinal);
        Assert.Null((await RunAsync(store, "SELECT a FROM pump", pointsMax: 900)).Refusal);
        Assert.Null((await RunAsync(store, "SELECT a, b FROM pump WHERE ts < '2026-01-01T00:00:05Z' AND device = 'p2'", pointsMax: 900)).Refusal);

        var (first, rows, points) = await RunAsync(store, "SELECT a, b FROM pump LIMIT 3", pointsMax: 900);
        Assert.Equal((null, "0,0|1,1|2,2", true), (first, rows, points < 20));
        (first, rows, points) = await RunAsync(store, "SELECT a, b FROM pump WHERE a = 499 LIMIT 3", pointsMax: 900);
        Assert.Contains("has read 900 points and not found", first?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_newest_rows_are_found_by_reading_the_end()
    {
        await using var store = new StoreFixture().Open(headPointsMax: 100);
        for (var i = 0; i < 3_000; i++)
        {
            await store.AppendAsync(StoreFixture.Row("p1", Start + (i * 60 * Second), ("a", i)), null, default);
        }

        await store.AppendAsync(StoreFixture.Row("p2", Start + (10 * 60 * Second), ("a", -1)), null, default);
        var (_, rows, points) = await RunAsync(store, "SELECT ts, a FROM pump ORDER BY ts DESC LIMIT 2");
        Assert.Equal("2026-01-03T01:59:00Z,2999|2026-01-03T01:58:00Z,2998", rows);
        Assert.InRange(points, 2, 200);
        (_, rows, _) = await RunAsync(store, "SELECT ts, a FROM pump WHERE a < 1 ORDER BY ts DESC LIMIT 2");
        Assert.Equal("2026-01-01T00:10:00Z,-1|2026-01-01T00:00:00Z,0", rows);
    }

    [Fact]
    public async Task Answers_are_those_of_a_plain_reading_of_random_points()
    {
        var random = new Random(TestSize.Seed);
        _output.WriteLine($"seed {TestSize.Seed}");
        await using var store = new StoreFixture().Open(headPointsMax: 300);
        var plain = new Plain();
        for (var i = 0; i < 3_000; i++)
        {
            var (device, time) = (random.Next(2) == 0 ? "p1" : "p2", Start + (random.Next(1_500) * Second));
            var values = new List<(string, double)>();
            foreach (var property in (string[])["a", "b"])
            {
                if (random.Next(4) > 0)
                {
                    var value = random.Next(50) == 0 ? double.NaN : random.Next(1_000) / 10.0;
                    values.Add((property, value));
                    plain.Put(device, property, time, value);
                }
            }

            await store.AppendAsync(StoreFixture.Row(device, time, [.. values]), null, default);
            if (random.Next(200) == 0)
            {
                var from = Start + (random.Next(1_500) * Second);
                await store.DeleteAsync(new Deletion(Acme, new(device), ["a"], from, from + (30 * Second)), default);
                plain.Delete(device, "a", from, from + (30 * Second));
            }
        }

        await SameAsync(store, "SELECT device, ts, a, b FROM pump", plain.Rows.Select(row => row.Line(row.A, row.B)));
        await SameAsync(
            store, "SELECT device, ts, a, b FROM pump WHERE a > 50 AND ts >= '2026-01-01T00:05:00Z'",
            plain.Rows.Where(row => row.A > 50 && row.Time >= Start + (300 * Second)).Select(row => row.Line(row.A, row.B)));
        await SameAsync(
            store, "SELECT device, ts, b FROM pump WHERE ts < '2026-01-01T00:20:00Z' AND device = 'p2' ORDER BY ts",
            plain.Rows.Where(row => row.B is not null && row.Device == "p2" && row.Time < Start + (1_200 * Second)).Select(row => row.Line(row.B)));
        await SameAsync(
            store, "SELECT device, AVG(a) AS m, COUNT(*) AS n FROM pump GROUP BY device",
            plain.Rows.Where(row => row.A is not null).GroupBy(row => row.Device).Select(group => Text(group.Key, Mean(group.Select(row => row.A)), group.Count())));
        await SameAsync(
            store, "SELECT device, window_start, AVG(a) AS m, MAX(b) AS x FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY device, window_start, window_end",
            plain.Rows.GroupBy(row => (row.Device, Window: row.Time - (row.Time % (60 * Second))))
                .Select(group => Text(group.Key.Device, Rfc(group.Key.Window), Mean(group.Select(row => row.A)), group.Max(row => row.B))));
        await SameAsync(
            store, "SELECT window_start, SUM(a) AS s FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY window_start ORDER BY window_start",
            plain.Rows.Where(row => row.A is not null).GroupBy(row => row.Time - (row.Time % (60 * Second))).OrderBy(group => group.Key).Select(group => Text(Rfc(group.Key), group.Sum(row => row.A))));
        await SameAsync(
            store, "SELECT device, ts, m FROM (SELECT device, ts, AVG(a) OVER (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '60' SECOND PRECEDING AND CURRENT ROW) AS m FROM pump) WHERE ts >= '2026-01-01T00:10:00Z'",
            plain.Rows.Where(row => row.A is not null && row.Time >= Start + (600 * Second)).Select(row => row.Line(
                Mean(plain.Rows.Where(other => other.Device == row.Device && other.Time <= row.Time && other.Time >= row.Time - (60 * Second)).Select(other => other.A)))));
        await SameAsync(
            store, "SELECT device, ts, a FROM pump ORDER BY ts DESC, device LIMIT 20",
            plain.Rows.Where(row => row.A is not null).OrderByDescending(row => row.Time).ThenBy(row => row.Device).Take(20).Select(row => row.Line(row.A)));
    }

    private static double? Mean(IEnumerable<double?> values) => values.Average();

    private static string Rfc(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / 100).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Text(params object?[] cells) => string.Join(',', cells.Select(cell => cell is double number ? Rounded(number) : $"{cell}"));

    // Sums are made in another order here, so the last digits may differ.
    private static string Rounded(double number) => Math.Round(number, 9).ToString("R", CultureInfo.InvariantCulture);

    private async Task SameAsync(TimeSeriesStore store, string sql, IEnumerable<string> expected)
    {
        var (refusal, rows, _) = await RunAsync(store, sql);
        Assert.True(refusal is null, $"{sql}: {refusal}");
        var told = rows.Split('|').Select(line => string.Join(',', line.Split(',').Select(cell =>
            double.TryParse(cell, CultureInfo.InvariantCulture, out var number) ? Rounded(number) : cell))).ToList();
        var wanted = expected.ToList();
        Assert.True(wanted.Count > 5 || sql.Contains("GROUP BY device", StringComparison.Ordinal), $"{sql}: {wanted.Count} rows are no test");
        Assert.Equal(wanted, told);
    }

    private async Task<(Refusal? Refusal, string Rows, long Points)> RunAsync(TimeSeriesStore store, string sql, long pointsMax = SqlLimits.PointsMax)
    {
        var fleet = _server.Get<IFleet>();
        var question = SqlQuestion.Read(new SqlBody(sql, null, null, null), Acme, new SqlTables(fleet, store, _server.Get<RollUps>(), _server.Get<ThingBook>()), fleet, Start).Value;
        using var form = new SqlCsv();
        var run = new SqlRun(question, store, _server.Get<RollUps>(), TimeProvider.System, pointsMax);
        var refusal = await run.RunAsync(form, () => default, default);
        form.Flush();
        return (refusal, Encoding.UTF8.GetString(form.Bytes.ToArray()).TrimEnd().Replace("\r\n", "|", StringComparison.Ordinal).Split('|', 2).ElementAtOrDefault(1) ?? "", run.Points);
    }

    private Task<RequestPipeline.Answer> AskAsync(string sql, string accept) => _pipeline.SendAsync(
        "POST", Route, Encoding.UTF8.GetBytes(new JsonObject { ["sql"] = sql }.ToJsonString()), "", "application/json", ("Accept", accept));

    /// <summary>What was put and not taken away, by device and time.</summary>
    private sealed class Plain
    {
        private readonly SortedDictionary<(string Device, long Time), Dictionary<string, double>> _rows = [];

        public List<PlainRow> Rows => [.. _rows.Select(row => new PlainRow(row.Key.Device, row.Key.Time, Of(row.Value, "a"), Of(row.Value, "b"))).Where(row => row.A is not null || row.B is not null)];

        public void Put(string device, string property, long time, double value)
        {
            _rows.TryAdd((device, time), []);
            _rows[(device, time)][property] = value;
        }

        public void Delete(string device, string property, long from, long to)
        {
            foreach (var (key, values) in _rows)
            {
                if (key.Device == device && key.Time >= from && key.Time <= to)
                {
                    values.Remove(property);
                }
            }
        }

        private static double? Of(Dictionary<string, double> values, string property) => values.TryGetValue(property, out var value) && !double.IsNaN(value) ? value : null;
    }

    private sealed record PlainRow(string Device, long Time, double? A, double? B)
    {
        public string Line(params object?[] cells) => Text([Device, Rfc(Time), .. cells]);
    }
}
