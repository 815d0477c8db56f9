using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Events beside series: in over HTTP, each once, kept within bounds, and out with the series of their device.</summary>
public sealed class EventDoorTests : IAsyncLifetime
{
    private const string Route = "/api/v1/devices/p1/events";
    private const string One = "application/cloudevents+json";
    private const string Many = "application/cloudevents-batch+json";
    private const long T0 = 1_767_225_600; // 2026-01-01T00:00:00Z
    private const long SecondNs = 1_000_000_000;
    private static readonly TenantId Acme = new("acme");
    private static readonly DeviceId Pump = new("p1");
    private readonly ManualTime _time = new();
    private readonly TestServerFolder _server;
    private readonly RequestPipeline _pipeline;

    public EventDoorTests()
    {
        _server = new TestServerFolder(_time);
        _pipeline = new RequestPipeline(_server);
    }

    private EventStore Events => _server.Get<EventStore>();

    public Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = Pump }, new DeviceDeclaration("acme/lyon/pump-2", "pump") { Id = new DeviceId("p2") }]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task What_one_device_sends_in_the_name_of_another_uses_up_none_of_its_ids()
    {
        var forged = Event("a", "stop").Insert(1, "\"source\":\"acme/lyon/pump-1\",");
        Assert.Equal((1, 0), Told(await _pipeline.AskAsync("POST", "/api/v1/devices/p2/events", forged, mediaType: One)));
        Assert.Equal((1, 0), Told(await PostAsync(forged, One)));
        Assert.Equal((0, 1), Told(await PostAsync(forged, One)));
        Assert.Equal("a", Assert.Single(Events.Read(Acme, "stop", Pump)).Id);
    }

    [Fact]
    public async Task An_event_in_each_mode_is_recorded_once_however_often_it_is_sent()
    {
        for (var time = 0; time < 2; time++)
        {
            var known = time;
            var structured = await PostAsync(Event("a", "stop"), One);
            Assert.Equal((1 - known, known), Told(structured));
            var batch = await PostAsync($"[{Event("b", "stop")},{Event("c", "start")},{Event("a", "stop")}]", Many + "; charset=utf-8");
            Assert.Equal((2 * (1 - known), 1 + (2 * known)), Told(batch));
            var binary = await BinaryAsync("""{"why":"binary"}""", "application/json", ("ce-specversion", "1.0"), ("ce-id", "d"), ("ce-source", "/cell/%C3%96l"), ("ce-type", "com.acme.stop"), ("ce-time", "2026-01-01T00:00:04Z"));
            Assert.Equal((1 - known, known), Told(binary));
        }

        Assert.Equal(["a", "b"], Events.Read(Acme, "stop", Pump).Select(one => one.Id));
        var recorded = Assert.Single(Events.Read(Acme, "com.acme.stop", Pump));
        Assert.Equal(("/cell/Öl", (T0 + 4) * SecondNs, "binary"), (recorded.Source, recorded.TimeNs, recorded.Data.GetProperty("why").GetString()));
        Assert.Equal("/acme/lyon/pump-1", Events.Read(Acme, "start", Pump)[0].Source);
    }

    [Fact]
    public async Task An_event_is_known_after_a_restart_too()
    {
        await PostAsync(Event("a", "stop"), One);
        await using var again = new EventStore(_server.Get<ICatalogue>(), new ServerOptions { DataFolder = _server.Path }, _time, _server.Get<IMeterFactory>(), NullLogger<EventStore>.Instance);
        Assert.False(await again.RecordAsync(Events.Read(Acme, "stop", Pump)[0], default));
        Assert.Single(again.Read(Acme, "stop", Pump));
    }

    [Fact]
    public async Task Data_that_is_no_JSON_is_text_or_its_bytes()
    {
        (string, string)[] Headers(string id) => [("ce-specversion", "1.0"), ("ce-id", id), ("ce-type", "note")];
        Assert.Equal(200, (await BinaryAsync("it hums", "text/plain", Headers("1"))).Status);
        Assert.Equal(200, (await _pipeline.SendAsync("POST", Route, [0xff, 0x00], "", "image/png", [.. Headers("2").Select(one => (one.Item1, (string?)one.Item2))])).Status);
        Assert.Equal(200, (await PostAsync("""{"specversion":"1.0","id":"3","type":"note","datacontenttype":"image/png","data_base64":"/wA="}""", One)).Status);
        Assert.Equal(200, (await BinaryAsync("", null, Headers("4"))).Status);
        Assert.Equal(
            ["\"it hums\"", """{"datacontenttype":"image/png","data_base64":"/wA="}""", """{"datacontenttype":"image/png","data_base64":"/wA="}""", "null"],
            Events.Read(Acme, "note", Pump).Select(one => one.Data.GetRawText()));
    }

    [Theory]
    [InlineData(One, "{", 400, "Nothing was recorded: not JSON")]
    [InlineData(One, "[]", 400, "an event is a JSON object with specversion, id and source")]
    [InlineData(One, """{"specversion":"1.0","type":"stop"}""", 400, "without an id a redelivery would count twice")]
    [InlineData(One, """{"specversion":"1.0","id":"1"}""", 400, "type is missing")]
    [InlineData(One, """{"specversion":"1.0","id":"1","type":"a b"}""", 400, "type has letters, digits")]
    [InlineData(One, """{"specversion":"1.0","id":"1","type":"stop","time":"yesterday"}""", 400, "Nothing was recorded: time is neither RFC 3339 text nor")]
    [InlineData(One, """{"specversion":"1.0","id":"1","type":"stop","time":7}""", 400, "Nothing was recorded: time lies outside 1980")]
    [InlineData(One, """{"id":"1","type":"stop"}""", 400, "specversion is missing; it is")]
    [InlineData(One, """{"specversion":"0.3","id":"1","type":"stop"}""", 400, "specversion is \"0.3\"; CloudEvents \"1.0\" are read")]
    [InlineData(One, """{"specversion":"1.0","id":7,"type":"stop"}""", 400, "id is no text")]
    [InlineData(One, """{"specversion":"1.0","id":"","type":"stop"}""", 400, "id is empty; without an id")]
    [InlineData(One, """{"specversion":"1.0","id":"1","source":"","type":"stop"}""", 400, "source is empty")]
    [InlineData(One, """{"specversion":"1.0","id":"1","source":"not a reference","type":"stop"}""", 400, "source is no URI reference (RFC 3986): \"not a reference\"")]
    [InlineData(One, """{"specversion":"1.0","id":"1","source":"1http://x","type":"stop"}""", 400, "source is no URI reference")]
    [InlineData(One, """{"specversion":"1.0","id":"1","source":"/a%zz","type":"stop"}""", 400, "source is no URI reference")]
    [InlineData(One, """{"specversion":"1.0","id":"1","type":"stop","data":1,"data_base64":"AA=="}""", 400, "data and data_base64 are both there")]
    [InlineData(One, """{"specversion":"1.0","id":"1","type":"stop","data_base64":"*"}""", 400, "data_base64 is not Base64")]
    [InlineData(One, """{"source":"a b"}""", 400, "twice; source is no URI reference (RFC 3986): \"a b\"; leave it out for the path of the device (and 1 more).")]
    [InlineData(Many, "{}", 400, "a batch is a JSON array of events")]
    [InlineData(Many, """[{"specversion":"1.0","id":"1","type":"stop"},7]""", 400, "event 1: an event is a JSON object")]
    [InlineData("application/json", "{}", 415, "The body is no CloudEvent; send application/cloudevents+json")]
    [InlineData("application/avro", "x", 415, "The body is no CloudEvent")]
    public async Task What_is_no_event_is_refused_with_its_place_and_nothing_is_recorded(string media, string body, int status, string says)
    {
        var answer = await PostAsync(body, media);
        Assert.Equal(status, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
        Assert.Empty(Events.Read(Acme, "stop"));
    }

    [Fact]
    public async Task All_that_is_wrong_in_a_batch_is_told_by_event_and_attribute()
    {
        var answer = await PostAsync($$"""[{{Event("a", "stop")}},{"specversion":"1.0","id":"b"},{"specversion":"2","id":"{{new string('x', 513)}}","type":"s"},7,{"specversion":"1.0","id":"c","type":"!","time":"noon"}]""", Many);
        Assert.Equal(400, answer.Status);
        Assert.StartsWith("Nothing was recorded: event 1: type is missing; event 2: specversion is \"2\"; CloudEvents \"1.0\" are read; event 2: id has 513", answer.Detail(), StringComparison.Ordinal);
        Assert.EndsWith("the most (and 3 more).", answer.Detail(), StringComparison.Ordinal);
        Assert.Equal(["/1/type", "/2/specversion", "/2/id", "/3", "/4/type", "/4/time"], answer.Json["errors"]!.AsArray().Select(error => (string?)error!["where"]));
        Assert.Equal("event 2: id has 513 characters; 512 are the most", (string?)answer.Json["errors"]![2]!["message"]);
        Assert.Empty(Events.Read(Acme, "stop"));
    }

    [Fact]
    public async Task An_event_is_as_large_as_one_over_MQTT_may_be_and_no_larger()
    {
        static string Sized(int bytes) => $$"""{"specversion":"1.0","id":"1","type":"stop","data":"{{new string('x', bytes - 54)}}"}""";
        Assert.Equal(CloudEventReader.EventBytesMax + 1, Sized(CloudEventReader.EventBytesMax + 1).Length);
        var large = await PostAsync(Sized(CloudEventReader.EventBytesMax + 1), One);
        Assert.Equal(413, large.Status);
        Assert.StartsWith("Nothing was recorded: the event has 262145 bytes; 262144 are the most of one event, over HTTP and MQTT.", large.Detail(), StringComparison.Ordinal);
        Assert.Equal(413, (await BinaryAsync(new string('x', CloudEventReader.EventBytesMax + 1), "text/plain", ("ce-specversion", "1.0"), ("ce-id", "2"), ("ce-type", "note"))).Status);
        var batch = await PostAsync($"[{Event("a", "stop")},{Sized(CloudEventReader.EventBytesMax + 1)}]", Many);
        Assert.Equal((400, "/1"), (batch.Status, (string?)batch.Json["errors"]![0]!["where"]));
        Assert.Equal(200, (await PostAsync(Sized(CloudEventReader.EventBytesMax), One)).Status);
        Assert.Equal("fabric.event.too_large", CloudEventReader.Read(new byte[CloudEventReader.EventBytesMax + 1], [], "acme/lyon/pump-1", 0).Refusal.Code);
    }

    [Fact]
    public async Task A_batch_is_bounded_and_a_device_has_to_be_there()
    {
        var answer = await PostAsync($"[{string.Join(',', Enumerable.Range(0, 1_001).Select(i => Event($"{i}", "stop")))}]", Many);
        Assert.Contains("a batch holds 1000 events at most; this one has 1001", answer.Detail(), StringComparison.Ordinal);
        Assert.Equal(404, (await _pipeline.AskAsync("POST", "/api/v1/devices/nosuch/events", Event("a", "stop"), mediaType: One)).Status);
    }

    [Fact]
    public async Task The_oldest_make_room_for_new_ones_and_what_is_too_old_goes()
    {
        var options = new ServerOptions { DataFolder = _server.Path, EventsMax = 1_000, EventDays = 2 };
        using var counted = new CountedMetrics("pilotage.events.trimmed");
        await using var store = new EventStore(_server.Get<ICatalogue>(), options, _time, _server.Get<IMeterFactory>(), NullLogger<EventStore>.Instance);
        Assert.Equal(1_000, await store.RecordAsync([.. Enumerable.Range(0, 1_000).Select(Made)]));
        Assert.Equal(1, await store.RecordAsync([Made(1_000), Made(999)]));
        Assert.Equal(Enumerable.Range(1, 1_000).Select(i => $"{i}"), store.Read(Acme, "stop", Pump).Select(one => one.Id));
        Assert.Equal(1, counted.Of("pilotage.events.trimmed"));

        // Every hour; what arrived a day ago stays.
        _time.Advance(TimeSpan.FromHours(24));
        await store.RecordAsync([Made(2_000)]);
        _time.Advance(TimeSpan.FromHours(26));
        Assert.Equal(["2000"], store.Read(Acme, "stop", Pump).Select(one => one.Id));
        Assert.Equal(1_001, counted.Of("pilotage.events.trimmed"));

        DomainEvent Made(int i) => new(0, Acme, Pump, "/s", $"{i}", "stop", i, Clock.ToNs(_time.GetUtcNow()), Null);
    }

    [Fact]
    public async Task A_timeline_has_series_thinned_and_events_in_the_order_in_which_they_happened()
    {
        await MeasureAsync(10_000);
        foreach (var (id, type, second) in new[] { ("e", "stop", 500), ("b", "start", 200), ("z", "stop", 200), ("y", "alarm", 20_000), ("x", "stop", 499) })
        {
            await PostAsync(Event(id, type, second), One);
        }

        await _pipeline.AskAsync("POST", "/api/v1/devices/p2/events", Event("other", "stop", 300), mediaType: One);
        var told = (await TimelineAsync("?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z&points=20")).Json;
        Assert.Equal(("p1", "acme/lyon/pump-1"), ((string?)told["device"], (string?)told["path"]));
        Assert.Equal(["b", "z", "x", "e"], told["events"]!.AsArray().Select(one => (string?)one!["id"]));
        Assert.Null(told["nextCursor"]);
        var series = told["series"]!.AsArray();
        Assert.Equal(["state", "vibration"], series.Select(one => (string?)one!["property"]));
        Assert.All(series, one => Assert.InRange(one!["points"]!.AsArray().Count, 2, 20));
        Assert.All(series, one => Assert.True((bool)one!["decimated"]! && (long)one["total"]! == 3_600));

        // The spike at 1234 s is there, however few points are.
        Assert.Contains(series[1]!["points"]!.AsArray(), point => (double)point![0]! == (T0 + 1_234) * 1_000.0 && (double)point[1]! == 99);
        Assert.Equal(series[1]!["points"]!.AsArray().Select(point => (double)point![0]!).Order(), series[1]!["points"]!.AsArray().Select(point => (double)point![0]!));
    }

    [Fact]
    public async Task Events_of_a_timeline_come_in_pages_and_series_with_the_first_alone()
    {
        await MeasureAsync(10);
        await PostAsync($"[{string.Join(',', Enumerable.Range(0, 700).Select(i => Event($"{i}", i % 2 == 0 ? "stop" : "start", i / 3)))}]", Many);
        var (seen, cursor, pages) = (new List<string>(), (string?)null, 0);
        do
        {
            var told = (await TimelineAsync($"?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&limit=300{(cursor is null ? "" : $"&cursor={cursor}")}")).Json;
            Assert.Equal(pages == 0, told["series"] is not null);
            seen.AddRange(told["events"]!.AsArray().Select(one => (string)one!["id"]!));
            cursor = (string?)told["nextCursor"];
            pages++;
        }
        while (cursor is not null);

        Assert.Equal((3, 700), (pages, seen.Distinct().Count()));
        Assert.Equal(Enumerable.Range(0, 700).Select(i => $"{i}"), seen);
        Assert.Equal(350, (await TimelineAsync("?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&type=stop&property=vibration")).Json["events"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "give the earlier time as from")]
    [InlineData("?property=nosuch", 404, "has no series \"nosuch\"")]
    [InlineData("?points=1", 400, "points is 1; give 2 to 5000")]
    [InlineData("?limit=10001", 400, "limit is 10001; give 1 to 10000")]
    [InlineData("?cursor=x", 400, "cursor is \"x\"")]
    [InlineData("?type=,", 400, "names 0 types")]
    public async Task What_no_timeline_can_be_is_refused(string query, int status, string says)
    {
        var answer = await TimelineAsync(query);
        Assert.Equal(status, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    private static System.Text.Json.JsonElement Null => System.Text.Json.JsonSerializer.SerializeToElement<object?>(null);

    private static string Event(string id, string type, int second = 0) =>
        $$$"""{"specversion":"1.0","id":"{{{id}}}","type":"{{{type}}}","time":"{{{DateTimeOffset.FromUnixTimeSeconds(T0 + second):O}}}","data":{"n":1}}""";

    private static (int, int) Told(RequestPipeline.Answer answer)
    {
        Assert.True(answer.Status == 200, answer.ToString());
        return ((int)answer.Json["recorded"]!, (int)answer.Json["known"]!);
    }

    private Task<RequestPipeline.Answer> PostAsync(string body, string media) => _pipeline.AskAsync("POST", Route, body, mediaType: media);

    private Task<RequestPipeline.Answer> BinaryAsync(string body, string? media, params (string Name, string Value)[] headers) =>
        _pipeline.SendAsync("POST", Route, Encoding.UTF8.GetBytes(body), "", media, [.. headers.Select(one => (one.Name, (string?)one.Value))]);

    private Task<RequestPipeline.Answer> TimelineAsync(string query) => _pipeline.AskAsync("GET", "/api/v1/devices/p1/timeline", query: query);

    private async Task MeasureAsync(int seconds)
    {
        var batch = new PointBatch();
        for (var second = 0; second < seconds; second++)
        {
            SeriesValue[] values = [SeriesValue.OfText(second % 700 == 0 ? "off" : "on"), SeriesValue.Of(second == 1_234 ? 99 : second % 7)];
            batch.AddRow(Acme, Pump, (T0 + second) * SecondNs, 0, ["state", "vibration"], values, Quality.Good);
        }

        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }
}
