using System.Diagnostics.Metrics;
using System.Text;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Tests.Architecture;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Meaning;

/// <summary>Descriptions of thing types, taken in and given out over HTTP.</summary>
public sealed class ThingRouteTests : IAsyncLifetime
{
    private const string Minimal = """{"@context": "https://www.w3.org/2022/wot/td/v1.1", "title": "Fan", "properties": {"speed": {"type": "number", "unit": "/min"}}}""";
    private static readonly TenantId Acme = new("acme");
    private static readonly byte[] Pump = File.ReadAllBytes(Path.Combine(Repository.Root, "samples/pump-bearings/things/pump.td.json"));
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public ThingRouteTests() => _pipeline = new RequestPipeline(_server);

    public Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump"), new DeviceDeclaration("acme/lyon/pump-2", "pump")]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_description_comes_back_as_it_came_with_its_digest_and_is_listed_and_audited()
    {
        var put = await PutAsync("pump", Pump, "application/tm+json; charset=utf-8");
        Assert.True(put.Status == 200, $"{put}");
        Assert.Equal(Digest.Of(Pump).ToString(), (string?)put.Json["digest"]);
        Assert.Equal(("pump", "pump", 2), ((string?)put.Json["thing"], (string?)put.Json["title"], (int?)put.Json["devices"]));

        var got = await _pipeline.AskAsync("GET", "/api/v1/things/pump/description");
        Assert.Equal(Encoding.UTF8.GetString(Pump), got.Text);
        Assert.Equal("application/tm+json", got.Response.ContentType);
        Assert.Equal($"\"{Digest.Of(Pump)}\"", got.Response.Headers.ETag.ToString());

        await PutAsync("fan", Encoding.UTF8.GetBytes(Minimal), "application/td+json");
        var first = await _pipeline.AskAsync("GET", "/api/v1/things", query: "?limit=1");
        Assert.Equal(("fan", "fan"), ((string?)first.Json["items"]![0]!["thing"], (string?)first.Json["nextCursor"]));
        var second = await _pipeline.AskAsync("GET", "/api/v1/things", query: "?limit=1&cursor=fan");
        Assert.Equal(("pump", null), ((string?)second.Json["items"]![0]!["thing"], (string?)second.Json["nextCursor"]));

        var record = _server.Get<IAudit>().Read(Acme, null, 10).Single(record => record.Target == "pump");
        Assert.Equal(("fabric.thing.write", "done", Digest.Of(Pump).ToString()), (record.Action, record.Result, record.Detail));
    }

    [Fact]
    public async Task A_thing_type_is_shown_with_units_and_what_they_measure()
    {
        await PutAsync("pump", Pump, "application/tm+json");
        var shown = (await _pipeline.AskAsync("GET", "/api/v1/things/pump")).Json;
        var flow = shown["properties"]!.AsArray().Single(property => (string?)property!["property"] == "flow")!;
        Assert.Equal(("m3/h", "volume flow", "number", true), ((string?)flow["unit"], (string?)flow["quantity"], (string?)flow["type"], (bool?)flow["readOnly"]));
        Assert.Equal("tm:ThingModel", (string?)shown["types"]![0]);
    }

    [Fact]
    public async Task A_description_is_replaced_and_another_server_on_the_same_data_reads_it()
    {
        await PutAsync("fan", Encoding.UTF8.GetBytes(Minimal), "application/json");
        var things = _server.Get<ThingBook>();
        Assert.Equal("/min", things.Find(Acme, "fan")!.Properties["speed"].Unit!.Code);
        Assert.Null(things.Find(new TenantId("other"), "fan"));

        var kept = await PutAsync("fan", Encoding.UTF8.GetBytes(Minimal), "application/json", ifNoneMatch: "*");
        Assert.Equal(412, kept.Status);
        Assert.Contains("--replace", kept.Detail(), StringComparison.Ordinal);
        Assert.Equal(200, (await PutAsync("fan", Encoding.UTF8.GetBytes(Minimal.Replace("/min", "Hz", StringComparison.Ordinal)), "application/json")).Status);
        Assert.Equal("Hz", things.Find(Acme, "fan")!.Properties["speed"].Unit!.Code);
        Assert.Equal("Hz", new ThingBook(_server.Get<ThingStore>(), TimeProvider.System, _server.Get<IMeterFactory>()).Find(Acme, "fan")!.Properties["speed"].Unit!.Code);
    }

    [Theory]
    [InlineData("pump", "text/plain", "{}", 415, "application/td+json, application/tm+json or application/json")]
    [InlineData("pump", null, "{}", 415, "application/td+json")]
    [InlineData("pump", "application/json", "{", 400, "Send one JSON object")]
    [InlineData("pump", "application/json", "", 400, "Send one JSON object")]
    [InlineData("pump", "application/json", "{}", 422, "/@context: is missing")]
    [InlineData("Pump 7", "application/json", Minimal, 422, "is not the name of a thing type: lower-case letters")]
    public async Task What_cannot_be_kept_is_refused_with_what_to_do_and_audited(string thing, string? media, string body, int status, string says)
    {
        var answer = await PutAsync(thing, Encoding.UTF8.GetBytes(body), media);
        Assert.True(answer.Status == status, $"{answer}");
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
        Assert.Equal(status == 415 ? 0 : 1, _server.Get<IAudit>().Read(Acme, null, 10).Count(record => record is { Action: "fabric.thing.write", Result: "refused" }));
        Assert.Equal(404, (await _pipeline.AskAsync("GET", "/api/v1/things/pump")).Status);
    }

    [Fact]
    public async Task A_document_has_a_largest_size_and_what_is_larger_is_not_read()
    {
        var large = Encoding.UTF8.GetBytes(Minimal + new string(' ', ThingBook.DocumentBytesMax));
        var answer = await PutAsync("fan", large, "application/json");
        Assert.Equal(413, answer.Status);
        Assert.Contains("524288", answer.Detail(), StringComparison.Ordinal);
        Assert.Equal(200, (await PutAsync("fan", large[..ThingBook.DocumentBytesMax], "application/json")).Status);
    }

    [Fact]
    public void A_tenant_has_a_largest_number_of_descriptions_and_those_it_has_can_be_replaced()
    {
        var store = _server.Get<ThingStore>();
        Assert.True(store.Put(Acme, Named("a"), onlyNew: false, thingsMax: 1).IsOk);
        Assert.Equal("fabric.thing.full", store.Put(Acme, Named("b"), onlyNew: false, thingsMax: 1).Refusal.Code);
        Assert.True(store.Put(Acme, Named("a"), onlyNew: false, thingsMax: 1).IsOk);

        static StoredThing Named(string name) => new(name, name, ThingMedia.Json, default, "me", 0, "{}"u8.ToArray());
    }

    private Task<RequestPipeline.Answer> PutAsync(string thing, byte[] body, string? media, string? ifNoneMatch = null) =>
        _pipeline.SendAsync("PUT", $"/api/v1/things/{thing}/description", body, "", media, ("If-None-Match", ifNoneMatch));
}
