using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Tests.Architecture;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Meaning;

/// <summary>A package brings the meaning of what it works on.</summary>
public sealed class OfferedThingsTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public OfferedThingsTests() => _pipeline = new RequestPipeline(_server);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_package_describes_the_thing_types_that_nobody_described()
    {
        var folder = Path.Combine(Repository.Root, "samples/pump-bearings");
        var files = new JsonObject(Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file =>
            KeyValuePair.Create(Path.GetRelativePath(folder, file), (JsonNode?)Convert.ToBase64String(File.ReadAllBytes(file)))));
        var body = new JsonObject { ["files"] = files }.ToJsonString();

        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/packages", body)).Status);
        Assert.Equal("Cel", _server.Get<ThingBook>().Find(Acme, "pump")!.Properties["bearing_temp"].Unit!.Code);
        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/packages", body)).Status);
        Assert.Single(_server.Get<IAudit>().Read(Acme, null, 10), record => record is { Action: "fabric.thing.write", Target: "pump", Result: "done" });
    }

    [Fact]
    public void What_is_described_stays_and_what_cannot_be_read_is_left_out()
    {
        var who = new Principal("ada", "Ada", Acme, ["admin"], null);
        var things = _server.Get<IThings>();
        Assert.True(things.Offer(who, "fan", Of("Hz")));
        Assert.False(things.Offer(who, "fan", Of("/min")));
        Assert.Equal("Hz", _server.Get<ThingBook>().Find(Acme, "fan")!.Properties["speed"].Unit!.Code);
        Assert.False(things.Offer(who, "box", Of("banana")));
        Assert.Null(_server.Get<ThingBook>().Find(Acme, "box"));

        static byte[] Of(string unit) => Encoding.UTF8.GetBytes(
            """{"@context": "https://www.w3.org/2022/wot/td/v1.1", "title": "Fan", "properties": {"speed": {"unit": "UNIT"}}}""".Replace("UNIT", unit, StringComparison.Ordinal));
    }
}
