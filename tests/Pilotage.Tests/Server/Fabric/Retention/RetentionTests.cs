using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Retention;

/// <summary>What rules of retention delete, what they leave, what outlives it, and when they are not followed.</summary>
public sealed class RetentionTests : IAsyncLifetime
{
    private const long Second = 1_000_000_000;
    private const long Hour = 3_600 * Second;
    private const long Day = 24 * Hour;
    private const string Windows = "/api/v1/series/aggregates";
    private static readonly TenantId Acme = new("acme");
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly long NowNs = (Now - DateTimeOffset.UnixEpoch).Ticks * 100;
    private readonly ManualTime _time = new(Now);
    private readonly TestServerFolder _server;
    private readonly RequestPipeline _pipeline;

    public RetentionTests()
    {
        _server = new TestServerFolder(_time);
        _pipeline = new RequestPipeline(_server);
    }

    private TimeSeriesStore Store => _server.Get<TimeSeriesStore>();

    private RetentionSweep Sweep => _server.Get<RetentionSweep>();

    public Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new DeviceId("p1") }, new DeviceDeclaration("acme/oslo/fan-1", "fan") { Id = new DeviceId("f1") }]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Points_that_are_too_old_go_of_what_a_rule_governs_and_of_nothing_else()
    {
        await FillAsync("p1", ["load", "temp"], -30, 0);
        await FillAsync("f1", ["load"], -30, 0);
        await SetAsync("pumps", """{"thing":"pump","property":"load","keep":"P10D"}""");
        var state = await Sweep.SweepAsync(null, force: false, default);
        Assert.Equal((NowNs, null, null, 1L), (state.LastNs, state.Waits, state.Failed, state.Cuts.Sum(cut => cut.Series)));
        Assert.Equal(NowNs - (10 * Day), Times("p1", "load")[0]);
        Assert.Equal((240, 720, 720), (Times("p1", "load").Count, Times("p1", "temp").Count, Times("f1", "load").Count));

        // There is nothing more to do, and a day later one more day goes.
        Assert.Empty((await Sweep.SweepAsync(null, force: false, default)).Cuts);
        _time.Advance(TimeSpan.FromDays(1));
        await Sweep.SweepAsync(null, force: false, default);
        Assert.Equal(NowNs - (9 * Day), Times("p1", "load")[0]);
    }

    [Fact]
    public async Task Every_hour_the_rules_are_followed_until_the_server_stops()
    {
        await FillAsync("p1", ["load"], -30, 0);
        await SetAsync("pumps", """{"thing":"pump","keep":"P10D"}""");
        await Sweep.StartAsync(default);
        _time.Advance(TimeSpan.FromMinutes(59));
        await Sweep.Running;
        Assert.Equal((null, 720), (Sweep.State.LastNs, Times("p1", "load").Count));
        _time.Advance(TimeSpan.FromMinutes(1));
        await Sweep.Running;
        Assert.Equal((NowNs + Hour, 240), (Sweep.State.LastNs, Times("p1", "load").Count));

        // A day of hours later another day is gone.
        for (var hour = 0; hour < 24; hour++)
        {
            _time.Advance(TimeSpan.FromHours(1));
            await Sweep.Running;
        }

        Assert.Equal(216, Times("p1", "load").Count);
        await Sweep.StopAsync(default);
        _time.Advance(TimeSpan.FromHours(48));
        await Sweep.Running;
        Assert.Equal(NowNs + (25 * Hour), Sweep.State.LastNs);
    }

    [Fact]
    public async Task The_rule_that_keeps_longest_holds_and_without_one_all_stays()
    {
        await FillAsync("p1", ["load", "temp"], -30, 0);
        await SetAsync("all", """{"keep":"P5D"}""");
        await SetAsync("lyon", """{"path":"acme/lyon/*","property":"temp","keep":"P20D"}""");
        await Sweep.SweepAsync(null, force: false, default);
        Assert.Equal((120, 480), (Times("p1", "load").Count, Times("p1", "temp").Count));
        Assert.Equal(200, (await _pipeline.AskAsync("DELETE", "/api/v1/retention/all")).Status);
        Assert.Equal(404, (await _pipeline.AskAsync("DELETE", "/api/v1/retention/all")).Status);
        _time.Advance(TimeSpan.FromDays(1));
        await Sweep.SweepAsync(null, force: false, default);
        Assert.Equal((120, 456), (Times("p1", "load").Count, Times("p1", "temp").Count));
    }

    /// <summary>Windows of hours tell the same before and after their points went, in slices, with what came late and what is in doubt.</summary>
    [Theory]
    [InlineData("PT1M")]
    [InlineData("PT1H")]
    [InlineData("P1D")]
    public async Task Windows_outlive_their_points(string rollUp)
    {
        var seed = TestSize.Seed;
        var random = new Random(seed);
        await SetAsync("raw", $$"""{"keep":"P{{random.Next(11, 14)}}D","rollUp":"{{rollUp}}"}""");
        await RandomPointsAsync(random, 4_000, NowNs - (20 * Day), NowNs);
        var asked = $"?property=load&window=P1D&fn=count,min,max,avg&to={Now.UtcDateTime:O}";
        var before = await AskAsync(asked);
        for (var day = 0; day < 6; day++)
        {
            await Sweep.SweepAsync(null, force: false, default);
            AssertSame(before, await AskAsync(asked), seed);
            _time.Advance(TimeSpan.FromHours(random.Next(20, 40)));
        }

        Assert.InRange(Times("p1", "load").Count, 1, 3_900);
        Assert.Equal(before.Count, (await AskAsync(asked)).Count);

        // A point that comes so late changes no window, neither before nor after it goes with the next sweep.
        await AppendAsync("p1", ["load"], NowNs - (18 * Day), 1e6);
        AssertSame(before, await AskAsync(asked), seed);
        await Sweep.SweepAsync(null, force: false, default);
        AssertSame(before, await AskAsync(asked), seed);
    }

    [Fact]
    public async Task A_crash_between_two_steps_leaves_nothing_out_and_counts_nothing_twice()
    {
        await FillAsync("p1", ["load"], -30, 0);
        await SetAsync("raw", """{"keep":"P10D","rollUp":"PT1H"}""");
        const string Asked = "?property=load&window=P1D&fn=count,min,max,avg";
        var before = await AskAsync(Asked);
        var key = new SeriesKey(Acme, new DeviceId("p1"), "load");
        var batch = new PointBatch();
        RollUps.Add(batch, key, Hour, Store.Aggregate(key, long.MinValue, NowNs - (10 * Day), Hour, withEnds: false), NowNs);

        // The windows were written, and that was not noted: points answer, and the windows are made again.
        await Store.AppendAsync(batch, null, default);
        AssertSame(before, await AskAsync(Asked), 0);
        await Sweep.SweepAsync(null, force: false, default);
        AssertSame(before, await AskAsync(Asked), 0);

        // It was noted, and the points of the next day did not go.
        _time.Advance(TimeSpan.FromDays(1));
        batch = new PointBatch();
        RollUps.Add(batch, key, Hour, Store.Aggregate(key, NowNs - (10 * Day), NowNs - (9 * Day), Hour, withEnds: false), NowNs);
        await Store.AppendAsync(batch, null, default);
        AssertSame(before, await AskAsync(Asked), 0);
        _server.Get<RetentionStore>().Raise(Acme, key.Device, ["load"], NowNs - (9 * Day));
        Assert.Equal(NowNs - (9 * Day), new RollUps(Store, _server.Get<RetentionStore>()).FloorOf(key));
        _server.Get<RollUps>().Raise(key, NowNs - (9 * Day));
        AssertSame(before, await AskAsync(Asked), 0);
        await Sweep.SweepAsync(null, force: false, default);
        AssertSame(before, await AskAsync(Asked), 0);
        Assert.Equal(NowNs - (9 * Day), Times("p1", "load")[0]);
    }

    [Fact]
    public async Task Windows_go_when_they_are_too_old_and_where_their_points_are_deleted()
    {
        await FillAsync("p1", ["load"], -30, 0);
        await SetAsync("raw", """{"keep":"P10D","rollUp":"PT1H","rollUpKeep":"P20D"}""");
        const string Asked = "?property=load&window=P1D&fn=count";
        await Sweep.SweepAsync(null, force: false, default);
        Assert.Equal(20, (await AskAsync(Asked)).Count);
        var deleted = await _pipeline.AskAsync("DELETE", "/api/v1/devices/p1/series", query: "?property=load&from=2026-02-14T10:30:00Z&to=2026-02-15T00:00:00Z");
        Assert.Equal(200, deleted.Status);
        var days = await AskAsync(Asked);
        Assert.Equal(20, days.Count);
        Assert.Equal(10, days[5][1]);
    }

    [Fact]
    public async Task Windows_that_outlived_all_points_are_deleted_by_property_too()
    {
        await FillAsync("p1", ["load", "temp"], -30, -20);
        await SetAsync("raw", """{"keep":"P10D","rollUp":"P1D"}""");
        await Sweep.SweepAsync(null, force: false, default);
        Assert.Empty(Times("p1", "load"));
        var trial = await _pipeline.AskAsync("DELETE", "/api/v1/devices/p1/series", query: "?property=load&dryRun=true");
        Assert.Equal((200, 0, 10), (trial.Status, (int)trial.Json["points"]!, (int)trial.Json["windows"]!));
        Assert.Equal(10, (await AskAsync("?property=load&window=P1D&fn=count")).Count);
        Assert.Equal(200, (await _pipeline.AskAsync("DELETE", "/api/v1/devices/p1/series", query: "?property=load")).Status);
        var rest = await _pipeline.AskAsync("DELETE", "/api/v1/devices/p1/series", query: "?property=load&dryRun=true");
        Assert.True(rest.Status == 404 || (int)rest.Json["windows"]! == 0, $"{rest}");
        Assert.Equal(10, (await AskAsync("?property=temp&window=P1D&fn=count")).Count);
        Assert.Equal(404, (await _pipeline.AskAsync("DELETE", "/api/v1/devices/p1/series", query: "?property=lod")).Status);
    }

    [Fact]
    public async Task A_preview_says_which_windows_are_too_old_already_and_that_nothing_would_be_left()
    {
        await FillAsync("p1", ["load"], -30, -25);
        await FillAsync("f1", ["load"], -30, 0);
        var preview = (await _pipeline.AskAsync("POST", "/api/v1/retention/raw/preview", """{"keep":"P10D","rollUp":"P1D","rollUpKeep":"P20D"}""")).Json;
        Assert.Equal(15, (int)preview["windowsGone"]!);
        Assert.Equal("15 windows are already older than rollUpKeep and would be gone at once; of the points that would go of 1 series, nothing would be left", (string?)preview["note"]);
        Assert.Equal(["f1 P1D", "p1 "], preview["items"]!.AsArray().Select(row => $"{row!["device"]} {row["rollUp"]}"));
        await SetAsync("raw", """{"keep":"P10D","rollUp":"P1D"}""");
        await Sweep.SweepAsync(null, force: false, default);

        // And those that are there, of points that went before.
        var later = (await _pipeline.AskAsync("POST", "/api/v1/retention/raw/preview", """{"keep":"P10D","rollUp":"P1D","rollUpKeep":"P20D"}""")).Json;
        Assert.Equal((0, 15), ((int)later["points"]!, (int)later["windowsGone"]!));
        Assert.StartsWith("15 windows are already older", (string?)later["note"], StringComparison.Ordinal);
        await SetAsync("raw", """{"keep":"P10D","rollUp":"P1D","rollUpKeep":"P20D"}""");
        Assert.Equal(15, (await Sweep.SweepAsync(null, force: false, default)).Cuts.Sum(cut => cut.WindowsGone));
    }

    [Fact]
    public async Task What_windows_cannot_tell_is_null_and_breaks_nothing()
    {
        await FillAsync("p1", ["load"], -30, 0);
        await SetAsync("raw", """{"keep":"P10D","rollUp":"PT1H"}""");
        await Sweep.SweepAsync(null, force: false, default);
        var days = await AskAsync("?property=load&window=P1D&fn=first,count,last&fill=previous");
        Assert.Equal(30, days.Count);
        Assert.Equal([null, 24, null], days[3][1..]);
        Assert.Equal(24, days[29][2]);
        Assert.NotNull(days[29][1]);
        Assert.Empty((await _pipeline.AskAsync("GET", Windows, query: "?property=load&fn=avg&top=1&by=last&to=2026-02-10T00:00:00Z")).Json["items"]!.AsArray());
        var odd = await _pipeline.AskAsync("GET", Windows, query: "?property=load&window=PT90M");
        Assert.Contains("windows of 1h are all that retention left", (string?)odd.Json["note"], StringComparison.Ordinal);
        Assert.Null((await _pipeline.AskAsync("GET", Windows, query: "?property=load&window=PT2H")).Json["note"]);

        // A window of which a part alone lies in the time asked for is left out, and that is said.
        foreach (var ends in (string[])["&from=2026-02-01T00:30:00Z", "&to=2026-02-02T00:30:00Z", "&window=PT1H&from=2026-02-01T00:30:00Z"])
        {
            var cut = await _pipeline.AskAsync("GET", Windows, query: $"?property=load{ends}");
            Assert.Contains("windows of 1h are all that retention left, and those that the time asked for cuts at its ends are left out", (string?)cut.Json["note"], StringComparison.Ordinal);
        }

        Assert.Null((await _pipeline.AskAsync("GET", Windows, query: "?property=load&from=2026-02-01T00:00:00Z&to=2026-02-02T01:00:00Z")).Json["note"]);
        Assert.Null((await _pipeline.AskAsync("GET", Windows, query: "?property=load&from=2020-02-01T00:30:00Z&to=2026-02-27T00:30:00Z")).Json["note"]);
        Assert.Null((await _pipeline.AskAsync("GET", Windows, query: "?property=load&window=PT90M&from=2026-02-20T00:00:00Z")).Json["note"]);
        var gone = await _pipeline.AskAsync("DELETE", "/api/v1/devices/p1/series", query: "?property=load&to=2026-02-10T10:30:00Z&dryRun=true");
        Assert.Equal((0, (11 * 24) + 11), ((long)gone.Json["points"]!, (long)gone.Json["windows"]!));
    }

    [Fact]
    public async Task A_clock_that_jumps_is_not_believed_for_a_day_or_until_somebody_says_so()
    {
        await FillAsync("p1", ["load"], -30, 0);
        await SetAsync("raw", """{"keep":"P60D"}""");
        await Sweep.SweepAsync(null, force: false, default);
        _time.Jump(Now.AddDays(365));
        var state = await Sweep.SweepAsync(null, force: false, default);
        Assert.Contains("the clock stands 365 days after the last sweep", state.Waits, StringComparison.Ordinal);
        Assert.Equal(720, Times("p1", "load").Count);
        var list = await _pipeline.AskAsync("GET", "/api/v1/retention");
        Assert.Contains("365 days", $"{list.Json["waits"]}", StringComparison.Ordinal);

        // Set right again, it is believed, and all is there.
        _time.Jump(Now.AddHours(1));
        Assert.Null((await Sweep.SweepAsync(null, force: false, default)).Waits);
        Assert.Equal(720, Times("p1", "load").Count);

        // One that stays is believed a day later.
        _time.Jump(Now.AddDays(45));
        Assert.NotNull((await Sweep.SweepAsync(null, force: false, default)).Waits);
        _time.Advance(TimeSpan.FromHours(23));
        Assert.NotNull((await Sweep.SweepAsync(null, force: false, default)).Waits);
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Null((await Sweep.SweepAsync(null, force: false, default)).Waits);
        Assert.Equal(14 * 24, Times("p1", "load").Count);

        // And at once where somebody says that it is right.
        _time.Jump(Now.AddDays(800));
        var swept = await _pipeline.AskAsync("POST", "/api/v1/retention/sweep", """{"force":true}""");
        Assert.Equal((200, 1), (swept.Status, (int)swept.Json["seriesCut"]!));
        Assert.Empty(Times("p1", "load"));
    }

    [Fact]
    public async Task A_sweep_tells_what_went_by_each_rule_and_the_list_of_rules_goes_on_telling_it()
    {
        await FillAsync("p1", ["load", "temp"], -30, 0);
        await FillAsync("f1", ["load"], -30, 0);
        await SetAsync("pumps", """{"thing":"pump","keep":"P10D","rollUp":"P1D","rollUpKeep":"P25D"}""");
        await SetAsync("fans", """{"thing":"fan","keep":"P20D"}""");
        Assert.Null((await _pipeline.AskAsync("GET", "/api/v1/retention")).Json["lastSweep"]);
        var swept = (await _pipeline.AskAsync("POST", "/api/v1/retention/sweep", "{}")).Json;
        Assert.Equal((3, 1_200, 40, 10), ((int)swept["seriesCut"]!, (int)swept["points"]!, (int)swept["windows"]!, (int)swept["windowsGone"]!));
        Assert.Equal(["fans 1 240 0 0", "pumps 2 960 40 10"], swept["items"]!.AsArray().Select(rule => $"{rule!["rule"]} {rule["series"]} {rule["points"]} {rule["windows"]} {rule["windowsGone"]}"));

        var list = (await _pipeline.AskAsync("GET", "/api/v1/retention")).Json;
        Assert.Equal((Now, 3), ((DateTimeOffset)list["lastSweep"]!, (int)list["seriesCut"]!));
        Assert.Equal(["fans 240", "pumps 960"], list["items"]!.AsArray().Select(rule => $"{rule!["name"]} {rule["lastCut"]!["points"]}"));

        // The next one finds nothing, and says so; when it was outlives a restart.
        Assert.Empty((await _pipeline.AskAsync("POST", "/api/v1/retention/sweep", "{}")).Json["items"]!.AsArray());
        Assert.Equal(NowNs, new RetentionStore(_server.Get<ICatalogue>()).LastSweepNs());

        // What the last one found that found something goes on being told, with its time; once the rule is taken away, no more.
        _time.Advance(TimeSpan.FromMinutes(1));
        await Sweep.SweepAsync(null, force: false, default);
        var again = (await _pipeline.AskAsync("GET", "/api/v1/retention")).Json;
        Assert.Equal(0, (int)again["seriesCut"]!);
        Assert.All(again["items"]!.AsArray(), rule => Assert.Equal(Now, (DateTimeOffset)rule!["lastCut"]!["at"]!));
        Assert.Equal(["fans 240", "pumps 960"], again["items"]!.AsArray().Select(rule => $"{rule!["name"]} {rule["lastCut"]!["points"]}"));
        await _pipeline.AskAsync("DELETE", "/api/v1/retention/fans");
        Assert.Equal("pumps", Assert.Single((await Sweep.SweepAsync(null, force: false, default)).Found).Rule);
    }

    [Theory]
    [InlineData("""{"keep":"P9D","property":"lod"}""", "it governs nothing now: of 2 devices none has a series \"lod\"")]
    [InlineData("""{"keep":"P9D","path":"acme/paris/*"}""", "it governs nothing now: no device is of that path and thing type")]
    [InlineData("""{"keep":"P9D","thing":"fan"}""", "it governs nothing now: of 1 devices none has a series")]
    [InlineData("""{"keep":"P9D","property":"load"}""", null)]
    public async Task A_rule_that_governs_nothing_is_set_and_says_so(string body, string? note)
    {
        await FillAsync("p1", ["load"], -1, 0);
        var set = await _pipeline.AskAsync("PUT", "/api/v1/retention/raw", body);
        Assert.Equal((200, note), (set.Status, (string?)set.Json["note"]));
        Assert.Equal(note, (string?)(await _pipeline.AskAsync("GET", "/api/v1/retention")).Json["items"]![0]!["note"]);
        Assert.Equal(note, (string?)(await _pipeline.AskAsync("POST", "/api/v1/retention/raw/preview", body)).Json["note"]);
    }

    [Fact]
    public async Task What_would_go_is_shown_before_anything_is_set()
    {
        await FillAsync("p1", ["load", "temp"], -30, 0);
        var preview = await _pipeline.AskAsync("POST", "/api/v1/retention/raw/preview", """{"keep":"P10D","property":"load","rollUp":"PT1H"}""");
        Assert.Equal((200, 1, 1), (preview.Status, (int)preview.Json["devices"]!, (int)preview.Json["series"]!));
        Assert.Equal(480, (long)preview.Json["points"]!);
        var row = preview.Json["items"]![0]!;
        Assert.Equal(("p1", "load", "raw", "PT1H"), ((string?)row["device"], (string?)row["property"], (string?)row["rule"], (string?)row["rollUp"]));
        Assert.Empty((await _pipeline.AskAsync("GET", "/api/v1/retention")).Json["items"]!.AsArray());
        Assert.Empty((await Sweep.SweepAsync(null, force: false, default)).Cuts);
    }

    [Theory]
    [InlineData("raw", """{"keep":"P1Y"}""", "keep is \"P1Y\"; give an ISO 8601 duration of days")]
    [InlineData("raw", """{"keep":"PT59M"}""", "PT1H to P36500D")]
    [InlineData("raw", """{"keep":"P40000D"}""", "PT1H to P36500D")]
    [InlineData("raw", """{"keep":"ninety days"}""", "keep is \"ninety days\"")]
    [InlineData("raw", """{"keep":"P9D","rollUp":"PT5M"}""", "give PT1M, PT1H or P1D")]
    [InlineData("raw", """{"keep":"P9D","rollUpKeep":"P90D"}""", "give rollUp too")]
    [InlineData("raw", """{"keep":"P9D","rollUp":"PT1H","rollUpKeep":"P9D"}""", "windows outlive the points")]
    [InlineData("raw", """{"keep":"P9D","path":""}""", "path is empty")]
    [InlineData("Raw", """{"keep":"P9D"}""", "is no name of a rule")]
    public async Task What_cannot_be_a_rule_is_refused(string name, string body, string says)
    {
        var put = await _pipeline.AskAsync("PUT", $"/api/v1/retention/{name}", body);
        Assert.Equal(422, put.Status);
        Assert.Contains(says, put.Detail(), StringComparison.Ordinal);
        Assert.Equal(422, (await _pipeline.AskAsync("POST", $"/api/v1/retention/{name}/preview", body)).Status);
    }

    [Fact]
    public async Task Rules_are_kept_replaced_when_that_is_meant_and_bounded()
    {
        await SetAsync("raw", """{"keep":"P9D"}""");
        var again = await _pipeline.AskAsync("PUT", "/api/v1/retention/raw", """{"keep":"P8D"}""", ifNoneMatch: "*");
        Assert.Equal(412, again.Status);
        await SetAsync("raw", """{"keep":"P8D","thing":"pump","rollUp":"P1D","rollUpKeep":"P100D"}""");
        var kept = Assert.Single(new RetentionBook(_server.Get<RetentionStore>()).Of(Acme));
        Assert.Equal((8 * Day, "pump", Day, 100 * Day), (kept.KeepNs, kept.Thing, kept.RollUpNs, kept.RollUpKeepNs));
        for (var i = 1; i < RetentionBook.RulesMax; i++)
        {
            await SetAsync($"rule-{i}", """{"keep":"P9D"}""");
        }

        var more = await _pipeline.AskAsync("PUT", "/api/v1/retention/more", """{"keep":"P9D"}""");
        Assert.Equal(422, more.Status);
        Assert.Contains("There are 100 rules", more.Detail(), StringComparison.Ordinal);
        Assert.Contains(_server.Get<IAudit>().Read(Acme, null, 500), record => record.Action == "fabric.retention.write" && record.Target == "raw");
    }

    private static void AssertSame(List<double?[]> expected, List<double?[]> actual, int seed)
    {
        Assert.True(expected.Count == actual.Count, $"seed {seed}: {expected.Count} windows, then {actual.Count}");
        foreach (var (before, after) in expected.Zip(actual))
        {
            for (var i = 0; i < before.Length; i++)
            {
                Assert.True(Math.Abs(before[i]!.Value - after[i]!.Value) <= 1e-9 * Math.Abs(before[i]!.Value), $"seed {seed}: {string.Join(' ', before)}, then {string.Join(' ', after)}");
            }
        }
    }

    private async Task SetAsync(string name, string body) => Assert.Equal(200, (await _pipeline.AskAsync("PUT", $"/api/v1/retention/{name}", body)).Status);

    private async Task<List<double?[]>> AskAsync(string query)
    {
        var answer = await _pipeline.AskAsync("GET", Windows, query: query);
        Assert.Equal(200, answer.Status);
        return [.. answer.Json["items"]![0]!["points"]!.AsArray().Select(point => point!.AsArray().Select(number => (double?)number).ToArray())];
    }

    private List<long> Times(string device, string property) => [.. Store.Read(new SeriesKey(Acme, new DeviceId(device), property), long.MinValue, long.MaxValue).Select(point => point.TimeNs)];

    /// <summary>A point every hour, from a day to another one, counted from now.</summary>
    private async Task FillAsync(string device, string[] properties, int fromDay, int toDay)
    {
        var batch = new PointBatch();
        for (var timeNs = NowNs + (fromDay * Day); timeNs < NowNs + (toDay * Day); timeNs += Hour)
        {
            batch.AddRow(Acme, new DeviceId(device), timeNs, 0, properties, Array.ConvertAll(properties, _ => timeNs / Hour % 97.0), Quality.Good);
        }

        await Store.AppendAsync(batch, null, default);
    }

    private async Task AppendAsync(string device, string[] properties, long timeNs, double value)
    {
        var batch = new PointBatch();
        batch.AddRow(Acme, new DeviceId(device), timeNs, 0, properties, Array.ConvertAll(properties, _ => value), Quality.Good);
        await Store.AppendAsync(batch, null, default);
    }

    private async Task RandomPointsAsync(Random random, int count, long fromNs, long toNs)
    {
        var batch = new PointBatch();
        for (var i = 0; i < count; i++)
        {
            var value = random.Next(50) == 0 ? double.NaN : Math.Round(random.NextDouble() * 100, random.Next(4));
            batch.AddRow(Acme, new DeviceId("p1"), random.NextInt64(fromNs, toNs), 0, ["load"], [value], random.Next(40) == 0 ? Quality.Bad : Quality.Good);
        }

        await Store.AppendAsync(batch, null, default);
    }
}
