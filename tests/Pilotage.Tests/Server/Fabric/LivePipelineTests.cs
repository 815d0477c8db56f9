using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Pipelines;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Hosting.Backup;
using Pilotage.Streams;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Pipelines that run on the server: what they put out, that a kill changes nothing of it, what the next version takes over, and replays.</summary>
public sealed class LivePipelineTests : IAsyncLifetime
{
    private const string Route = "/api/v1/pipelines/hot";
    private const long Second = 1_000_000_000;
    private const long Start = 1_767_225_600 * Second; // 2026-01-01T00:00:00Z
    private const string Sql =
        "CREATE VIEW f AS SELECT device, ts, AVG(temp) OVER w AS mean FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW); "
        + "INSERT INTO smooth SELECT device, ts, mean FROM f; "
        + "INSERT INTO alerts SELECT device, ts, 'hot' AS kind, mean AS score FROM f WHERE mean > ${limit};";

    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;
    private readonly ITestOutputHelper _output;

    public LivePipelineTests(ITestOutputHelper output) => (_pipeline, _output) = (new RequestPipeline(_server), output);

    private TimeSeriesStore Store => _server.Get<TimeSeriesStore>();

    private PipelineBook Book => _server.Get<PipelineBook>();

    public Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [
            new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }, new DeviceDeclaration("acme/lyon/pump-2", "pump") { Id = new("p2") },
            new DeviceDeclaration("acme/lyon/fan-1", "fan") { Id = new("f1") }]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await Book.StopAsync(default);
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task What_arrives_is_computed_stored_and_alerted_and_nothing_from_before()
    {
        await SayAsync(("p1", 0, 90));
        var applied = await ApplyAsync(Sql);
        Assert.Equal(("hot", 1), ((string?)applied["pipeline"]!["name"], (int)applied["pipeline"]!["version"]!));
        Assert.Contains((string?)applied["pipeline"]!["state"], new[] { "running", "catching-up" });
        Assert.Equal(["alert hot", "series smooth@hot/mean"], applied["pipeline"]!["outputs"]!.AsArray().Select(output => (string?)output));
        await SayAsync(("p1", 1, 60), ("p2", 1, 99), ("f1", 1, 500));
        await SayAsync(("p1", 2, 70), ("p2", 2, 20), ("p2", 3, 20), ("p2", 4, 20), ("p2", 5, 20));
        await ReadAsync();

        Assert.Equal([(1, 60), (2, 65)], Smooth("p1"));
        Assert.Equal([(1, 99), (2, 59.5), (3, 139 / 3.0), (4, 20), (5, 20)], Smooth("p2"));
        Assert.DoesNotContain(Store.Series(Acme, new("f1")), key => key.Property.Contains('@', StringComparison.Ordinal));
        var raised = Assert.Single(Events("alert"));
        Assert.Equal(("p2", Start + Second, "hot", 99.0, "hot", 1), (
            raised.Device.Value, raised.TimeNs, raised.Data.GetProperty("kind").GetString(), raised.Data.GetProperty("score").GetDouble(), raised.Data.GetProperty("pipeline").GetString(),
            raised.Data.GetProperty("version").GetInt32()));
        var cleared = Assert.Single(Events("alert-cleared"));
        Assert.Equal((raised.Id, Start + (4 * Second)), (cleared.Data.GetProperty("id").GetString(), cleared.TimeNs));
        var alerts = await _pipeline.AskAsync("GET", "/api/v1/alerts");
        Assert.Equal(("cleared", "hot"), ((string?)alerts.Json["items"]![0]!["state"], (string?)alerts.Json["items"]![0]!["kind"]));

        var shown = (await _pipeline.AskAsync("GET", Route)).Json;
        var counts = shown["pipeline"]!["counts"]!;
        Assert.Equal((7L, 7L, 1L, 1L, 0), ((long)counts["rows"]!, (long)counts["taken"]!, (long)counts["alertsRaised"]!, (long)counts["alertsCleared"]!, (int)counts["standing"]!));
        Assert.Equal(0, (long)shown["pipeline"]!["behind"]!);
        Assert.Equal("scan pump(temp)", (string?)shown["steps"]![0]!["does"]);
        Assert.Equal(7, (long)shown["steps"]![0]!["rows"]!);
        Assert.Contains(shown["steps"]!.AsArray(), step => (long)step!["stateBytes"]! > 0 && ((string?)step["does"])!.StartsWith("over ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Killed_at_any_row_and_begun_again_it_puts_out_what_it_would_have()
    {
        var seed = Environment.TickCount;
        _output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var rows = Enumerable.Range(0, 1_200).Select(i => ($"p{random.Next(1, 3)}", (double)Math.Max(0, (i / 2) + random.Next(-6, 7)), (double)random.Next(40, 100))).ToArray();
        await ApplyAsync("SET 'pilotage.lateness' = '5 s'; " + Sql);
        var file = Path.Combine(_server.Path, DataFolder.PipelinesFolder, PipelineState.FileOf(Acme, "hot"));
        byte[]? before = null;
        for (var i = 0; i < rows.Length; i += 12)
        {
            await SayAsync([.. rows[i..(i + 12)].Select(row => (row.Item1, row.Item2, row.Item3))]);
            if (random.Next(3) == 0)
            {
                await ReadAsync();
            }

            if (random.Next(3) == 0)
            {
                // A kill: what a stop wrote down is taken back to an earlier one, or to none at all, and what was put out since is there already.
                await Book.StopAsync(default);
                var stopped = File.Exists(file) ? await File.ReadAllBytesAsync(file) : null;
                if (random.Next(2) == 0)
                {
                    Restore(file, before);
                }

                before = stopped;
                await Book.StartAsync(default);
            }
        }

        await ReadAsync();
        var live = (Smooth("p1"), Smooth("p2"), Events("alert").Select(Told).ToList(), Events("alert-cleared").Select(Told).ToList());

        // The same rows in the same order into a pipeline that nobody kills.
        var answer = await _pipeline.AskAsync("POST", Route + "/replay", """{"from":"2026-01-01T00:00:00Z","to":"2027-01-01T00:00:00Z"}""");
        var replayed = answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.True((bool)replayed[^1]["done"]!);
        List<(int, double)> Series(string device) => [.. replayed.Where(line => (string?)line["series"] == "smooth" && (string?)line["device"] == device)
            .GroupBy(line => SecondOf((string)line["ts"]!)).Select(group => (group.Key, (double)group.Last()["mean"]!)).OrderBy(pair => pair.Key)];
        Assert.NotEmpty(live.Item3);
        Assert.Equal(Series("p1"), live.Item1);
        Assert.Equal(Series("p2"), live.Item2);
        Assert.Equal(replayed.Where(line => line["raised"] is not null).Select(Told), live.Item3);
        Assert.Equal(replayed.Where(line => line["cleared"] is not null).Select(Told), live.Item4);
    }

    [Fact]
    public async Task The_next_version_goes_on_with_the_windows_of_the_one_before()
    {
        await ApplyAsync(Sql);
        await SayAsync(("p1", 1, 60), ("p1", 2, 70));
        await ReadAsync();
        await Book.PauseAsync(Acme, "hot", "a test", default);
        var outlook = (await _pipeline.AskAsync("POST", Route + "/preview", Body(Sql, 50))).Json;
        Assert.Equal((2, 3), ((int)outlook["version"]!, (int)outlook["restored"]!["takenOver"]!));

        var applied = await ApplyAsync(Sql, 50);
        Assert.Equal((2, 0), ((int)applied["pipeline"]!["version"]!, (int)applied["restored"]!["startedEmpty"]!));
        await SayAsync(("p1", 3, 80));
        await ReadAsync();
        Assert.Equal([(1, 60), (2, 65), (3, 70)], Smooth("p1"));
        Assert.Equal(2, Assert.Single(Events("alert")).Data.GetProperty("version").GetInt32());

        // Other windows begin empty, and a fresh one too.
        applied = await ApplyAsync(Sql.Replace("2 PRECEDING", "1 PRECEDING", StringComparison.Ordinal), 50);
        Assert.Equal((1, 2, 2), ((int)applied["restored"]!["takenOver"]!, (int)applied["restored"]!["startedEmpty"]!, (int)applied["restored"]!["dropped"]!));
        await SayAsync(("p1", 4, 100));
        await ReadAsync();
        Assert.Equal((4, 100), Smooth("p1")[^1]);
        applied = await ApplyAsync(Sql.Replace("2 PRECEDING", "1 PRECEDING", StringComparison.Ordinal), 50, ",\"fresh\":true");
        Assert.Null(applied["restored"]);
        await SayAsync(("p1", 5, 20));
        await ReadAsync();
        Assert.Equal((5, 20), Smooth("p1")[^1]);
        Assert.Equal([4, 3, 2, 1], applied["versions"]!.AsArray().Select(version => (int)version!["version"]!));
    }

    [Fact]
    public async Task From_a_time_it_reads_what_is_stored_and_of_alerts_tells_those_that_stand()
    {
        // p1 was hot and is not any more, p2 still is.
        await SayAsync(("p1", 1, 99), ("p2", 1, 99), ("p1", 2, 0), ("p1", 3, 0), ("p1", 4, 0), ("p1", 5, 0), ("p1", 6, 0));
        await ApplyAsync(Sql, 80, ",\"from\":\"2020-01-01T00:00:00Z\"");
        await ReadAsync();
        Assert.Equal(6, Smooth("p1").Count);
        Assert.Equal(("p2", Start + Second), Events("alert").Select(alert => (alert.Device.Value, alert.TimeNs)).Single());
        Assert.Empty(Events("alert-cleared"));
        await SayAsync(("p2", 2, 0), ("p2", 3, 0), ("p2", 4, 0), ("p2", 5, 0), ("p2", 6, 0));
        await ReadAsync();
        Assert.Equal(Events("alert").Single().Id, Events("alert-cleared").Single().Data.GetProperty("id").GetString());
    }

    [Fact]
    public async Task From_a_time_it_reads_nothing_that_was_received_before()
    {
        await SayAsync(("p1", 1, 60));
        var between = DateTimeOffset.UtcNow;
        Assert.True(SpinWait.SpinUntil(() => DateTimeOffset.UtcNow > between, TimeSpan.FromSeconds(10)));
        await SayAsync(("p1", 2, 70));
        await ApplyAsync(Sql, 80, $",\"from\":\"{between.AddTicks(1):O}\"");
        await ReadAsync();
        Assert.Equal([(2, 70)], Smooth("p1"));
    }

    [Fact]
    public async Task What_a_full_disk_refused_is_put_out_by_the_next_start()
    {
        var applied = await ApplyAsync(Sql);
        Assert.Equal(1, (int)applied["pipeline"]!["version"]!);
        await ReadAsync();
        await Book.StopAsync(default);
        var entry = Book.Find(Acme, "hot").Value;
        var sites = new FullSites(_server);
        var live = LivePipeline.Begin(entry.Pipeline, entry.Plan!, new Dictionary<string, IModelInvoker>(), sites).Value;
        await SayAsync(("p1", 1, 99));
        Assert.True(SpinWait.SpinUntil(() => live.Waits is not null, TimeSpan.FromSeconds(30)));
        Assert.Contains("no room", live.Waits, StringComparison.Ordinal);
        Assert.True(live.Behind > 0);

        // It is stopped while what it put out waits, and only what is stored at the end of all finds room.
        sites.IsFull = false;
        await live.DisposeAsync();
        await Book.StartAsync(default);
        await SayAsync(("p1", 2, 99));
        await ReadAsync();
        Assert.Equal([(1, 99), (2, 99)], Smooth("p1"));
        Assert.Single(Events("alert"));
    }

    [Fact]
    public async Task Paused_it_reads_nothing_and_resumed_what_came_meanwhile()
    {
        await ApplyAsync(Sql);
        await SayAsync(("p1", 1, 60));
        await ReadAsync();
        var paused = (await _pipeline.AskAsync("POST", Route + "/pause", "{}")).Json;
        Assert.Equal("paused", (string?)paused["state"]);
        Assert.EndsWith("paused it", (string?)paused["why"], StringComparison.Ordinal);
        await SayAsync(("p1", 2, 70));
        Assert.Equal([(1, 60)], Smooth("p1"));
        Assert.Equal("paused", (string?)(await _pipeline.AskAsync("GET", Route)).Json["pipeline"]!["state"]);

        // Over a start, too.
        await Book.StopAsync(default);
        await Book.StartAsync(default);
        Assert.Equal("paused", (string?)(await _pipeline.AskAsync("GET", "/api/v1/pipelines")).Json["items"]![0]!["state"]);
        await _pipeline.AskAsync("POST", Route + "/resume", "{}");
        await ReadAsync();
        Assert.Equal([(1, 60), (2, 65)], Smooth("p1"));
    }

    [Fact]
    public async Task A_description_that_changes_later_does_not_change_what_runs()
    {
        await ApplyAsync(Sql);
        var td = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","@type":"tm:ThingModel","title":"Pump","properties":{"aaa":{"type":"number"},"temp":{"type":"string"}}}""";
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/things/pump/description", td)).Status);
        await Book.StopAsync(default);
        await Book.StartAsync(default);
        await SayAsync(("p1", 1, 60));
        await ReadAsync();
        Assert.Equal([(1, 60)], Smooth("p1"));
    }

    [Fact]
    public async Task A_column_more_does_not_empty_the_windows_of_the_next_version()
    {
        await ApplyAsync(Sql);
        await SayAsync(("p1", 1, 60));
        await ReadAsync();
        var batch = new PointBatch();
        batch.AddRow(Acme, new DeviceId("p2"), Start, 0, ["a"], [1], Quality.Good);
        await _server.Get<Ingestion>().StoreAsync(batch);
        var applied = await ApplyAsync(Sql, 50);
        Assert.Equal(0, (int)applied["restored"]!["startedEmpty"]!);
        await SayAsync(("p1", 2, 80));
        await ReadAsync();
        Assert.Equal([(1, 60), (2, 70)], Smooth("p1"));

        // Named, it is there, over a table that is another one.
        applied = await ApplyAsync(Sql.Replace("AVG(temp)", "AVG(COALESCE(temp, a))", StringComparison.Ordinal), 50);
        Assert.Equal(0, (int)applied["restored"]!["takenOver"]!);
    }

    [Fact]
    public async Task A_state_that_cannot_be_read_is_told_and_the_pipeline_runs()
    {
        await ApplyAsync(Sql);
        await SayAsync(("p1", 1, 60));
        await ReadAsync();
        await Book.StopAsync(default);
        var file = Path.Combine(_server.Path, DataFolder.PipelinesFolder, PipelineState.FileOf(Acme, "hot"));
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        await Book.StartAsync(default);
        await SayAsync(("p1", 2, 80));
        await ReadAsync();
        var shown = (await _pipeline.AskAsync("GET", Route)).Json;
        Assert.Contains("checksum", (string?)Assert.Single(shown["notes"]!.AsArray()), StringComparison.Ordinal);

        // From where it was applied, again: the same windows.
        Assert.Equal([(1, 60), (2, 70)], Smooth("p1"));
    }

    [Fact]
    public async Task A_state_of_rows_that_an_older_backup_does_not_have_is_left()
    {
        await ApplyAsync(Sql);
        await SayAsync(("p1", 1, 60));
        await ReadAsync();
        await Book.StopAsync(default);
        var folder = new UnsyncedDirectory(new PosixDirectory(Path.Combine(_server.Path, DataFolder.PipelinesFolder)));
        var state = PipelineState.Read(folder, Acme, "hot").Value!;
        Assert.Equal(Store.NextArrival, state.NextArrival);
        (state with { NextArrival = state.NextArrival + 1 }).Write(folder, Acme, "hot");
        await Book.StartAsync(default);
        Assert.Contains("older backup", (string?)Assert.Single((await _pipeline.AskAsync("GET", Route)).Json["notes"]!.AsArray()), StringComparison.Ordinal);
        await SayAsync(("p1", 2, 80));
        await ReadAsync();
        Assert.Equal([(1, 60), (2, 70)], Smooth("p1"));
    }

    [Fact]
    public async Task A_state_of_another_pipeline_is_left()
    {
        await ApplyAsync(Sql);
        await SayAsync(("p1", 1, 60));
        await ReadAsync();
        await Book.StopAsync(default);
        var folder = new UnsyncedDirectory(new PosixDirectory(Path.Combine(_server.Path, DataFolder.PipelinesFolder)));
        (PipelineState.Read(folder, Acme, "hot").Value! with { Owner = "acme/cold" }).Write(folder, Acme, "hot");
        await Book.StartAsync(default);
        Assert.Contains("that of acme/cold", (string?)Assert.Single((await _pipeline.AskAsync("GET", Route)).Json["notes"]!.AsArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_that_nothing_would_clear_any_more_are_cleared_by_the_next_version()
    {
        // By beginning afresh, by not being raised any more, and by being raised anew where their step began empty.
        await ApplyAsync(Sql);
        await SayAsync(("p1", 1, 99), ("p2", 1, 99));
        await ReadAsync();
        await ApplyAsync(Sql, 80, ",\"fresh\":true");
        await ReadAsync();
        Assert.Equal(Events("alert").Select(alert => alert.Id).Order(), Events("alert-cleared").Select(Id).Order());
        await SayAsync(("p1", 2, 99));
        await ReadAsync();
        await ApplyAsync(Sql.Replace("'hot'", "'warm'", StringComparison.Ordinal));
        await ReadAsync();
        Assert.Equal(3, Events("alert-cleared").Count);
        await SayAsync(("p1", 3, 99));
        await ReadAsync();
        await ApplyAsync(Sql.Replace("'hot'", "'warm'", StringComparison.Ordinal).Replace("2 PRECEDING", "1 PRECEDING", StringComparison.Ordinal));
        await SayAsync(("p1", 4, 99));
        await ReadAsync();
        Assert.Equal((5, 4), (Events("alert").Count, Events("alert-cleared").Count));
        Assert.DoesNotContain(Events("alert-cleared"), cleared => Id(cleared) == Events("alert")[^1].Id);

        static string Id(DomainEvent cleared) => cleared.Data.GetProperty("id").GetString()!;
    }

    [Fact]
    public async Task What_a_pipeline_puts_out_it_cannot_read_itself_not_by_way_of_another_either()
    {
        await ApplyAsync(Sql);
        var other = await _pipeline.AskAsync("PUT", "/api/v1/pipelines/next", Body("INSERT INTO x SELECT device, ts, `smooth@hot/mean` * 2 AS y FROM pump;", 1));
        Assert.True(other.Status is 200 or 422, $"{other}");
        await SayAsync(("p1", 1, 60));
        await ReadAsync();
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/pipelines/next", Body("INSERT INTO x SELECT device, ts, `smooth@hot/mean` * 2 AS y FROM pump;", 1))).Status);
        foreach (var column in new[] { "smooth@hot/mean", "x@next/y" })
        {
            Assert.Contains("never come to an end", (await _pipeline.AskAsync("PUT", Route, Body($"INSERT INTO z SELECT device, ts, `{column}` AS y FROM pump;", 1))).Detail(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_backup_holds_the_state_of_before_the_catalogue_and_the_series()
    {
        await ApplyAsync(Sql);
        await SayAsync(("p1", 1, 60));
        await ReadAsync();
        await Book.StopAsync(default);
        var names = _server.Get<IEnumerable<IBackedUp>>().SelectMany(owner => owner.Freeze()).Select(file =>
        {
            using (file)
            {
                return file.Name;
            }
        }).ToList();
        Assert.Equal("pipelines/" + PipelineState.FileOf(Acme, "hot"), names[0]);
        Assert.Contains(names, name => name.StartsWith("series/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pipeline_that_is_too_slow_reads_from_the_store_what_it_was_not_told()
    {
        await ApplyAsync(Sql);
        var batch = new PointBatch();
        for (var i = 0; i < LivePipeline.WaitingPointsMax + 10_000; i++)
        {
            batch.AddRow(Acme, new DeviceId("p1"), Start + (i * Second), 0, ["temp"], [i % 50], Quality.Good);
            if (batch.Count == 5_000)
            {
                await Store.AppendAsync(batch, null, default);
                batch = new PointBatch();
            }
        }

        await ReadAsync();
        Assert.Equal(LivePipeline.WaitingPointsMax + 10_000, (long)(await _pipeline.AskAsync("GET", Route)).Json["pipeline"]!["counts"]!["taken"]!);
        Assert.Equal(LivePipeline.WaitingPointsMax + 10_000, Store.Read(new SeriesKey(Acme, new("p1"), "smooth@hot/mean"), 0, long.MaxValue).Count());
    }

    [Fact]
    public async Task Removed_it_is_gone_and_what_it_put_out_stays()
    {
        await ApplyAsync(Sql);
        await SayAsync(("p1", 1, 60));
        await ReadAsync();
        Assert.Equal(200, (await _pipeline.AskAsync("DELETE", Route)).Status);
        Assert.Equal(404, (await _pipeline.AskAsync("GET", Route)).Status);
        Assert.Empty(Directory.GetFiles(Path.Combine(_server.Path, DataFolder.PipelinesFolder)));
        Assert.Equal([(1, 60)], Smooth("p1"));
        Assert.Contains("pipeline list", (await _pipeline.AskAsync("DELETE", Route)).Detail(), StringComparison.Ordinal);
        var applied = await ApplyAsync(Sql);
        Assert.Equal(1, (int)applied["pipeline"]!["version"]!);
    }

    [Theory]
    [InlineData("SELECT", "", 422, "1:1")]
    [InlineData("INSERT INTO x SELECT device, ts, tmp FROM pump;", "", 422, "temp")]
    [InlineData("INSERT INTO x SELECT device, ts, temp FROM pmp;", "", 422, "pump")]
    [InlineData("INSERT INTO x SELECT device, ts, temp FROM pump WHERE temp > ${most};", "", 422, "most")]
    [InlineData("INSERT INTO x SELECT device, ts, temp FROM pump;", ",\"from\":\"2999-01-01T00:00:00Z\"", 422, "yet to come")]
    [InlineData("INSERT INTO x SELECT device, ts, temp FROM pump;", ",\"models\":{\"rul\":\"9\"}", 404, "rul")]
    public async Task A_text_that_cannot_run_is_refused_and_nothing_changes(string sql, string more, int status, string says)
    {
        await SayAsync(("p1", 0, 1));
        await ApplyAsync(Sql);
        foreach (var (method, route) in new[] { ("PUT", Route), ("POST", Route + "/preview") })
        {
            var answer = await _pipeline.AskAsync(method, route, Body(sql, 80, more));
            Assert.Equal(status, answer.Status);
            Assert.Contains(says, answer.Text, StringComparison.Ordinal);
        }

        await ReadAsync();
        Assert.Equal((1, "running"), ((int)(await _pipeline.AskAsync("GET", Route)).Json["pipeline"]!["version"]!, (string?)(await _pipeline.AskAsync("GET", Route)).Json["pipeline"]!["state"]));
        Assert.Equal(412, (await _pipeline.AskAsync("PUT", Route, Body(Sql, 1), ifNoneMatch: "*")).Status);
        Assert.Contains("small letters", (await _pipeline.AskAsync("PUT", "/api/v1/pipelines/Hot", Body(Sql, 1))).Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_many_versions_are_kept()
    {
        await SayAsync(("p1", 0, 1));
        for (var i = 0; i < PipelineStore.VersionsMax + 2; i++)
        {
            Assert.Equal(200, (await _pipeline.AskAsync("PUT", Route, Body(Sql, i))).Status);
        }

        var versions = (await _pipeline.AskAsync("GET", Route)).Json["versions"]!.AsArray().Select(version => (int)version!["version"]!).ToList();
        Assert.Equal((PipelineStore.VersionsMax, PipelineStore.VersionsMax + 2, 3), (versions.Count, versions[0], versions[^1]));
    }

    [Fact]
    public async Task There_are_so_many_pipelines_and_so_many_replays_at_once()
    {
        await SayAsync(("p1", 0, 1));
        for (var i = 0; i < PipelineBook.PipelinesMax; i++)
        {
            Assert.Equal(200, (await _pipeline.AskAsync("PUT", $"/api/v1/pipelines/p{i}", Body("INSERT INTO x SELECT device, ts, temp FROM pump;", 1))).Status);
        }

        Assert.Contains("64 pipelines", (await _pipeline.AskAsync("PUT", Route, Body(Sql, 1))).Detail(), StringComparison.Ordinal);
        var replays = _server.Get<PipelineReplays>();
        using var one = replays.Enter().Value;
        using var two = replays.Enter().Value;
        var refused = await _pipeline.AskAsync("POST", "/api/v1/pipelines/p1/replay", """{"from":"2026-01-01T00:00:00Z"}""");
        Assert.Equal(429, refused.Status);
    }

    /// <summary>A disk without room.</summary>
    private sealed class FullSites(TestServerFolder server) : PipelineSites(
        server.Get<TimeSeriesStore>(), server.Get<Ingestion>(), server.Get<EventStore>(), server.Get<IFleet>(), server.Get<DataFolder>(), server.Get<PipelineMeters>(), TimeProvider.System,
        NullLogger<PipelineSites>.Instance)
    {
        public bool IsFull { get; set; } = true;

        public override Task StoreAsync(PointBatch points, IReadOnlyList<DomainEvent> alerts) => IsFull ? throw new IOException("there is no room") : base.StoreAsync(points, alerts);
    }

    private static void Restore(string file, byte[]? bytes)
    {
        if (bytes is null)
        {
            File.Delete(file);
        }
        else
        {
            File.WriteAllBytes(file, bytes);
        }
    }

    private static string Body(string sql, double limit, string more = "") => $"{{\"sql\":{JsonValue.Create(sql).ToJsonString()},\"parameters\":{{\"limit\":{limit}}}{more}}}";

    private static int SecondOf(string ts) => (int)((Clock.ToNs(DateTimeOffset.Parse(ts, CultureInfo.InvariantCulture)) - Start) / Second);

    private static (string, int) Told(DomainEvent alert) => (alert.Device.Value, (int)((alert.TimeNs - Start) / Second));

    private static (string, int) Told(JsonNode line) => ((string)line["device"]!, SecondOf((string)line["ts"]!));

    private async Task<JsonNode> ApplyAsync(string sql, double limit = 80, string more = "")
    {
        if (Store.Series(Acme, new("p1")).Count == 0)
        {
            // A property is a column once somebody measured it.
            await SayAsync(("p1", -1, 0));
        }

        var answer = await _pipeline.AskAsync("PUT", Route, Body(sql, limit, more));
        Assert.True(answer.Status == 200, $"{answer}");
        return answer.Json;
    }

    private async Task SayAsync(params (string Device, double Second, double Temp)[] rows)
    {
        var batch = new PointBatch();
        foreach (var (device, second, temp) in rows)
        {
            batch.AddRow(Acme, new DeviceId(device), Start + ((long)second * Second), 0, ["temp"], [temp], Quality.Good);
        }

        await _server.Get<Ingestion>().StoreAsync(batch);
    }

    /// <summary>Until the pipelines have read all that is stored, what they put out among it.</summary>
    private async Task ReadAsync()
    {
        var live = Book.Find(Acme, "hot").Value.Live!;
        for (var i = 0; live.Behind > 0 || live.IsCatchingUp; i++)
        {
            Assert.True(i < 6_000 && live.Failed is null, $"{live.Behind} rows behind after a minute: {live.Waits} {live.Failed}");
            await Task.Delay(10);
        }
    }

    private List<(int Second, double Value)> Smooth(string device) =>
        [.. Store.Read(new SeriesKey(Acme, new(device), "smooth@hot/mean"), Start, long.MaxValue).Select(point => ((int)((point.TimeNs - Start) / Second), point.Value))];

    private IReadOnlyList<DomainEvent> Events(string type) => _server.Get<EventStore>().Read(Acme, type);
}
