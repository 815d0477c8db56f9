using System.Text;
using Pilotage.Core;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;
using Pilotage.TimeSeries.Chunks;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

public sealed class IngestionTests : IAsyncLifetime
{
    private const long T0 = 1_700_000_000_000;
    private const long NsPerMs = 1_000_000;
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private Device _edge = null!;
    private Device _pump = null!;

    private TimeSeriesStore Store => _server.Get<TimeSeriesStore>();

    public Task InitializeAsync()
    {
        var fleet = _server.Get<IFleet>();
        fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/edge-1", Things.Edge)]);
        _edge = fleet.FindByPath(Acme, "acme/lyon/edge-1")!;
        fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump", _edge.Id), new DeviceDeclaration("acme/lyon/pump-2", "pump")]);
        _pump = fleet.FindByPath(Acme, "acme/lyon/pump-1")!;
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Telemetry_is_in_the_store_when_it_is_acknowledged()
    {
        await Send("acme/lyon/pump-1/_tele", Row(0, 1.5));
        Assert.Equal(new Point(T0 * NsPerMs, 1.5, Quality.Good), Assert.Single(Points("a")));
    }

    [Theory]
    [InlineData("_tel", "\"_tel\" is no class of topic")]
    [InlineData("_cmd/stop", null)]
    public async Task A_class_that_nobody_knows_is_kept_with_the_reason_and_one_that_is_only_passed_on_is_not(string suffix, string? reason)
    {
        await Send($"acme/lyon/pump-1/{suffix}", Row(0, 1.5));
        var kept = _server.Get<EventStore>().Bad(Acme, _pump.Id, 10);
        Assert.Equal(reason is null ? 0 : 1, kept.Count);
        Assert.All(kept, bad => Assert.Contains(reason!, bad.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_messages_share_commits_and_all_arrive_in_order()
    {
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Send("acme/lyon/pump-1/_tele", Row(i, i))));
        Assert.Equal(Enumerable.Range(0, 500).Select(i => (double)i), Points("a").Select(p => p.Value));
        var account = _server.Get<MessageAccount>().Of(_pump);
        Assert.Equal((500, 0, 0), (account.Messages, account.Duplicates, account.Overwritten));
    }

    [Fact]
    public async Task The_account_tells_a_repeated_from_an_altered_message()
    {
        await Send("acme/lyon/pump-1/_tele", Row(0, 1));
        await Send("acme/lyon/pump-1/_tele", Row(1, 2));
        var clean = _server.Get<MessageAccount>().Of(_pump);
        await Send("acme/lyon/pump-1/_tele", Row(1, 2));
        var repeated = _server.Get<MessageAccount>().Of(_pump);
        Assert.Equal((2, 1, clean.Digest), (repeated.Messages, repeated.Duplicates, repeated.Digest));
        await Send("acme/lyon/pump-1/_tele", Row(1, 3));
        var altered = _server.Get<MessageAccount>().Of(_pump);
        Assert.Equal((2, 1), (altered.Messages, altered.Overwritten));
        Assert.NotEqual(clean.Digest, altered.Digest);
    }

    [Fact]
    public async Task What_is_not_understood_is_kept_whole_and_counted()
    {
        await Send("acme/lyon/pump-1/_tele", "{\"values\":{\"a\":1,\"b\":{}}}");
        await Send("acme/lyon/pump-1/_tele", "garbage");
        var kept = _server.Get<EventStore>().Bad(Acme, _pump.Id, 10);
        Assert.Equal(["garbage", "{\"values\":{\"a\":1,\"b\":{}}}"], kept.Select(b => Encoding.UTF8.GetString(b.Payload.Span)));
        Assert.Single(Points("a"));
    }

    [Fact]
    public async Task An_event_is_recorded_once_and_told_once_after_it_is_stored()
    {
        var events = _server.Get<IDomainEvents>();
        var told = new List<DomainEvent>();
        events.Recorded += e => told.Add(e);
        (string, string)[] attributes = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/pump"), ("ce_time", "2023-11-14T22:13:20Z")];
        await Send("acme/lyon/pump-1/_event/stop", "{\"planned\":false,\"hours\":10}", attributes);
        await Send("acme/lyon/pump-1/_event/stop", "{\"planned\":false,\"hours\":10}", attributes);
        await Send("acme/lyon/pump-1/_event/stop", "{\"specversion\":\"1.0\",\"id\":\"2\",\"source\":\"/pump\",\"data\":{\"hours\":2}}");
        await Send("acme/lyon/pump-1/_event/stop", $"\"{new string('x', CloudEventReader.EventBytesMax)}\"", [("ce_specversion", "1.0"), ("ce_id", "3")]);
        await Send("acme/lyon/pump-1/_event/stop", "{\"hours\":3}");

        var stops = events.Read(Acme, "stop", _pump.Id);
        Assert.Equal(["1", "2"], stops.Select(s => s.Id));
        Assert.Equal(T0 * NsPerMs, stops[0].TimeNs);
        Assert.Equal(10, stops[0].Data.GetProperty("hours").GetInt32());
        Assert.Equal(stops.Select(s => s.Position), told.Select(t => t.Position));
        var bad = _server.Get<EventStore>().Bad(Acme, _pump.Id, 10);
        Assert.Equal(2, bad.Count);
        Assert.Contains("id is missing; without an id a redelivery would count twice", bad[0].Reason, StringComparison.Ordinal);
        Assert.StartsWith("the event has 262146 bytes; 262144 are the most of one event, over HTTP and MQTT", bad[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reported_twin_is_told_and_only_the_last_is_kept()
    {
        var told = new List<DomainEvent>();
        _server.Get<IDomainEvents>().Recorded += e => told.Add(e);
        await Send("acme/lyon/edge-1/_twin/reported/rel_1", "{\"n\":1}");
        await Send("acme/lyon/edge-1/_twin/reported/rel_1", "{\"n\":2}");
        Assert.Equal(["twin.reported/rel_1", "twin.reported/rel_1"], told.Select(t => t.Type));
        Assert.Equal([1, 2], told.Select(t => t.Data.GetProperty("n").GetInt32()));
    }

    [Fact]
    public async Task A_forwarded_batch_counts_once_however_often_it_comes()
    {
        var batch = Batch(0, 3);
        await Forward(batch);
        await Forward(batch);
        await Forward(Batch(1, 5));
        Assert.Equal(5, Points("a").Count);
        Assert.Equal(4, Store.HighWater(_edge.Id.Value, "log-1"));
        var account = _server.Get<MessageAccount>().Of(_pump);
        Assert.Equal((5, 0), (account.Messages, account.Duplicates));
    }

    [Fact]
    public async Task A_batch_in_columns_is_stored_as_one_without_and_counts_once()
    {
        var packed = MessageColumns.Pack(Batch(0, 6));
        Assert.Empty(packed.Messages);
        await Forward(MessageColumns.Unpack(packed).Value);
        await Forward(Batch(0, 6));
        await Forward(MessageColumns.Unpack(MessageColumns.Pack(Batch(3, 8))).Value);

        Assert.Equal(Enumerable.Range(0, 8).Select(i => new Point((T0 + (i * 1000L)) * NsPerMs, i, Quality.Good)), Points("a"));
        var account = _server.Get<MessageAccount>().Of(_pump);
        Assert.Equal((8, 0), (account.Messages, account.Duplicates));
    }

    [Fact]
    public async Task What_a_full_buffer_dropped_is_an_event_of_its_device_once_and_of_the_edge_where_it_speaks_for_nobody()
    {
        ForwardGap Gap(string? topic, long count) => new(2, count, T0 * NsPerMs, (T0 + 60_000) * NsPerMs) { Topic = topic };
        var batch = Batch(0, 2) with { Gaps = [Gap("acme/lyon/pump-1/_tele", 7), Gap("acme/lyon/pump-2/_tele", 8), Gap(null, 9)] };
        await Forward(batch);
        await Forward(batch);

        var events = _server.Get<EventStore>();
        var dropped = Assert.Single(events.Read(Acme, "data.dropped", _pump.Id));
        Assert.Equal((T0 * NsPerMs, "/acme/lyon/edge-1"), (dropped.TimeNs, dropped.Source));
        Assert.Equal(
            $$"""{"edge":"{{_edge.Id}}","topic":"acme/lyon/pump-1/_tele","priority":"telemetry","messages":7,"from":"2023-11-14T22:13:20Z","to":"2023-11-14T22:14:20Z"}""",
            dropped.Data.GetRawText());
        Assert.Equal([8, 9], events.Read(Acme, "data.dropped", _edge.Id).Select(one => one.Data.GetProperty("messages").GetInt32()).Order());
    }

    [Fact]
    public async Task An_edge_speaks_for_its_own_devices_only()
    {
        var message = new ForwardedMessage(0, T0 * NsPerMs, "acme/lyon/pump-2/_tele", Encoding.UTF8.GetBytes(Row(0, 1)));
        await Forward(new ForwardBatch(_edge.Id.Value, "log-1", 1, [message]));
        await Forward(new ForwardBatch(_edge.Id.Value, "log-1", 1, [message]));
        Assert.Empty(Store.Series(Acme, null));
        Assert.Contains("does not speak", Assert.Single(_server.Get<EventStore>().Bad(Acme, _edge.Id, 10)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_edge_forwards_of_a_revoked_device_is_kept_apart_with_the_reason()
    {
        await Forward(Batch(0, 2));
        _server.Get<IFleet>().Revoke(Acme, _pump.Id);
        await Forward(Batch(2, 5));

        Assert.Equal(2, Points("a").Count);
        Assert.All(_server.Get<EventStore>().Bad(Acme, _pump.Id, 10), bad => Assert.Contains("was revoked", bad.Reason, StringComparison.Ordinal));
        Assert.Equal(3, _server.Get<EventStore>().Bad(Acme, _pump.Id, 10).Count);
    }

    [Fact]
    public async Task Readiness_names_what_is_missing()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Send("acme/lyon/pump-1/_tele", Row(i, i))));
        var telemetry = _server.Get<ITelemetry>();
        var whole = telemetry.ReadinessOf(Acme, [_pump]);
        Assert.Equal(100, whole.Score);
        Assert.Equal(50, whole.Points);

        var other = _server.Get<IFleet>().FindByPath(Acme, "acme/lyon/pump-2")!;
        foreach (var i in Enumerable.Range(0, 50).Where(i => i is < 20 or > 30))
        {
            await Send("acme/lyon/pump-2/_tele", Row(i, i));
        }

        var both = telemetry.ReadinessOf(Acme, [_pump, other]);
        Assert.InRange(both.Score, 80, 99);
        Assert.Contains(both.Devices[1].Reasons, r => r.Contains("1 gaps", StringComparison.Ordinal));
        Assert.Equal(0, telemetry.ReadinessOf(Acme, []).Score);
        Assert.Equal(["no data yet"], telemetry.ReadinessOf(Acme, [_edge]).Devices[0].Reasons);
    }

    private List<Point> Points(string property) => [.. Store.Read(new SeriesKey(Acme, _pump.Id, property), 0, long.MaxValue)];

    private ForwardBatch Batch(int from, int to) => new(
        _edge.Id.Value, "log-1", to,
        [.. Enumerable.Range(from, to - from).Select(i => new ForwardedMessage(
            i, (T0 + i) * NsPerMs, "acme/lyon/pump-1/_tele", Encoding.UTF8.GetBytes(Row(i, i))))]);

    private Task Forward(ForwardBatch batch) => _server.Get<Ingestion>().StoreAsync(_edge, batch, (T0 + 100) * NsPerMs);

    private static string Row(int i, double value) => $"{{\"ts\":{T0 + (i * 1000L)},\"values\":{{\"a\":{value}}}}}";

    private async Task<string?> Send(string topic, string payload, params (string, string)[] properties)
    {
        Assert.True(TopicPath.TryParse(topic, out var path));
        var device = _server.Get<IFleet>().FindByPath(Acme, path!.DevicePath)!;
        var now = (T0 + 10_000_000) * NsPerMs;
        return (await _server.Get<Ingestion>().StoreAsync(device, path, new IngestMessage(topic, Encoding.UTF8.GetBytes(payload), properties, now, now, null))).Aside;
    }
}
