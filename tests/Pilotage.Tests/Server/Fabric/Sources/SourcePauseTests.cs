using System.Text;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Sources;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Hosting.Backup;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Sources;

/// <summary>Sources that are not read: after a restore, or because somebody wished it; and what of their messages nobody could read.</summary>
public sealed class SourcePauseTests : IAsyncLifetime
{
    private const long NowNs = 1_767_225_600_000_000_000;
    private const string Mapping = "format: pilotage.mapping/1\nname: factory\nversion: 1\nrules:\n  r:\n    topic: f/{kind}\n    device: \"{tenant}/lyon/{/id}\"\n    thing: press\n    time: {field: /at, format: s}\n";
    private static readonly TenantId Acme = new("acme");
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-pause-").FullName;
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public SourcePauseTests() => _pipeline = new RequestPipeline(_server);

    private DeadLetters Letters => _server.Get<DeadLetters>();

    public async Task InitializeAsync()
    {
        Assert.Equal(200, (await PutAsync(Mapping)).Status);
        _server.Get<SourceStore>().Put(Source(null));
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_restored_server_reads_no_source_until_somebody_resumes_it()
    {
        var archive = (await _pipeline.AskAsync("POST", "/api/v1/backups")).Bytes;
        var place = Path.Combine(_folder, "data");
        Assert.True((await Backups.RestoreAsync(new MemoryStream(archive), place, default)).IsOk);

        using var folder = DataFolder.Open(place).Value;
        Assert.True(folder.IsRestored);
        await using var app = ServerHost.Build(folder, new ServerOptions { DataFolder = place, Tenant = "acme" }, TimeProvider.System).Value;
        var sources = (SourceBook)app.Services.GetService(typeof(SourceBook))!;
        await sources.StartAsync(default);

        var run = Assert.Single(sources.All(Acme));
        Assert.Contains("was restored from a backup", run.Source.Paused, StringComparison.Ordinal);
        Assert.False(run.IsStarted);

        // Told once: what was paused then stays so, and what is added later is not.
        Assert.False(folder.IsRestored);
        var store = (SourceStore)app.Services.GetService(typeof(SourceStore))!;
        Assert.NotNull(Assert.Single(store.All()).Paused);
        await sources.StopAsync(default);
        store.Put(Source(null));
        await ((SourceBook)app.Services.GetService(typeof(SourceBook))!).DisposeAsync();
        Assert.Null(Assert.Single(store.All()).Paused);
    }

    [Fact]
    public void A_server_that_was_not_restored_pauses_nothing()
    {
        Assert.False(_server.Get<DataFolder>().IsRestored);
        Assert.Null(Assert.Single(_server.Get<SourceStore>().All()).Paused);
    }

    [Fact]
    public async Task A_paused_source_says_so_stays_so_when_it_is_replaced_and_leaves_the_session_alone_when_it_is_removed()
    {
        _server.Get<SourceStore>().Put(Source("ada paused it"));
        await _server.Get<SourceBook>().StartAsync(default);

        var shown = (await _pipeline.AskAsync("GET", "/api/v1/sources/factory")).Json;
        Assert.Equal(("paused", "ada paused it", "paused"), ((string?)shown["state"], (string?)shown["why"], (string?)shown["topics"]![0]!["answer"]));
        Assert.Contains("pilotage source resume factory", (string?)shown["notes"]![0], StringComparison.Ordinal);

        var replaced = await _pipeline.AskAsync("PUT", "/api/v1/sources/factory", """{"url":"mqtt://127.0.0.1:1","topics":["f/#"],"mapping":"factory"}""");
        Assert.Equal("paused", (string?)replaced.Json["state"]);
        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/sources/factory/pause")).Status);
        Assert.Equal(404, (await _pipeline.AskAsync("POST", "/api/v1/sources/nosuch/resume")).Status);

        var removed = (await _pipeline.AskAsync("DELETE", "/api/v1/sources/factory")).Json;
        Assert.False((bool)removed["sessionEnded"]!);
        Assert.Contains("was paused, so its session at the broker was left alone", (string?)removed["note"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dead_letters_are_listed_and_read_again_once_the_mapping_is_mended()
    {
        _server.Get<SourceStore>().Put(Source("ada paused it"));
        await _server.Get<SourceBook>().StartAsync(default);
        await SendAsync("""{"serial":"p1","at":1767225600,"temp":1}""");
        await SendAsync("{");
        await SendAsync("""{"serial":"p2","at":1767225601,"temp":2}""");

        var listed = (await _pipeline.AskAsync("GET", "/api/v1/dead-letters", query: "?source=factory&limit=2")).Json;
        Assert.Equal((2, 3), (listed["items"]!.AsArray().Count, (int)listed["total"]!));
        Assert.Equal(("f/x", "device: /id is not in the payload", false), ((string?)listed["items"]![0]!["topic"], (string?)listed["items"]![0]!["reason"], (bool)listed["items"]![0]!["cut"]!));
        Assert.Equal("{", (string?)listed["items"]![1]!["payload"]);
        Assert.Single((await _pipeline.AskAsync("GET", "/api/v1/dead-letters", query: $"?cursor={listed["nextCursor"]}")).Json["items"]!.AsArray());

        var none = (await _pipeline.AskAsync("POST", "/api/v1/dead-letters/retry", query: "?source=factory")).Json;
        Assert.Equal((0, 3), ((int)none["messages"]!, (int)none["kept"]!));
        Assert.Equal(3, none["reasons"]!.AsArray().Count);
        Assert.Equal("f/x: device: /id is not in the payload", (string?)none["reasons"]![0]!["why"]);
        Assert.Equal(3, Letters.CountOf(Acme));

        Assert.Equal(200, (await PutAsync(Mapping.Replace("version: 1", "version: 2", StringComparison.Ordinal).Replace("/id", "/serial", StringComparison.Ordinal))).Status);
        var some = (await _pipeline.AskAsync("POST", "/api/v1/dead-letters/retry", query: $"?source=factory&id={listed["items"]![0]!["id"]}")).Json;
        Assert.Equal((1, 0), ((int)some["messages"]!, (int)some["kept"]!));
        var rest = (await _pipeline.AskAsync("POST", "/api/v1/dead-letters/retry", query: "?source=factory")).Json;
        Assert.Equal((1, 1), ((int)rest["messages"]!, (int)rest["kept"]!));
        var device = _server.Get<IFleet>().FindByPath(Acme, "acme/lyon/p2")!;
        Assert.Equal([new Point(1_767_225_601_000_000_000, 2, Quality.Good)], _server.Get<TimeSeriesStore>().Read(new SeriesKey(Acme, device.Id, "temp"), 0, long.MaxValue));

        Assert.Equal(400, (await _pipeline.AskAsync("DELETE", "/api/v1/dead-letters")).Status);
        foreach (var (method, route) in new[] { ("DELETE", "/api/v1/dead-letters"), ("POST", "/api/v1/dead-letters/retry") })
        {
            var unknown = await _pipeline.AskAsync(method, route, query: "?source=factory&id=999");
            Assert.Equal(404, unknown.Status);
            Assert.StartsWith("No dead letter of factory has the id 999; nothing was done", unknown.Detail(), StringComparison.Ordinal);
        }

        Assert.Equal(404, (await _pipeline.AskAsync("DELETE", "/api/v1/dead-letters", query: "?source=nosuch")).Status);
        Assert.Equal(400, (await _pipeline.AskAsync("DELETE", "/api/v1/dead-letters", query: "?id=a")).Status);
        Assert.Equal(1, (int)(await _pipeline.AskAsync("DELETE", "/api/v1/dead-letters", query: "?source=factory")).Json["messages"]!);
        Assert.Equal(0, Letters.CountOf(Acme));
        Assert.Equal(404, (await _pipeline.AskAsync("POST", "/api/v1/dead-letters/retry", query: "?source=nosuch")).Status);
        Assert.Contains(_server.Get<IAudit>().Read(Acme, null, 20), record => record is { Action: "fabric.deadletter.retry", Result: "done" });
    }

    private static StoredSource Source(string? paused) => new(
        Acme, new SourceSettings("factory", "mqtt://127.0.0.1:1", ["f/#"], [], 1, "5", "factory", "pilotage-test", 1, null, null, null), new SourceSecrets(null, null), "ada", NowNs, paused);

    private Task<RequestPipeline.Answer> PutAsync(string mapping) => _pipeline.AskAsync("PUT", "/api/v1/mappings/factory/document", mapping, mediaType: "application/yaml");

    private async Task SendAsync(string payload)
    {
        var table = _server.Get<SourceBook>().Find(Acme, "factory").Value.Rules!;
        var result = await _server.Get<MappedMessages>().StoreAsync(table, new ForeignMessage("f/x", Encoding.UTF8.GetBytes(payload), null, false, NowNs));
        Assert.Equal(MappedFate.Kept, result.Fate);
    }
}
