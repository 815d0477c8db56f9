using Microsoft.AspNetCore.Http;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Rollouts;
using Pilotage.Tests.Server.Rollouts;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fleet;

/// <summary>What an administrator does with a device over HTTP, and what stands of it in the audit.</summary>
public sealed class DeviceRouteTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public DeviceRouteTests() => _pipeline = new RequestPipeline(_server);

    private IFleet Fleet => _server.Get<IFleet>();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_revocation_and_its_end_are_audited_alike()
    {
        Declare("pump-7");
        Assert.Equal(StatusCodes.Status204NoContent, (await _pipeline.AskAsync("POST", "/api/v1/devices/pump-7/revocation")).Status);

        var restored = await _pipeline.AskAsync("POST", "/api/v1/devices/pump-7/restoration");
        Assert.Equal("pump-7", (string?)restored.Json["device"]);
        Assert.StartsWith("pe1.", (string?)restored.Json["code"], StringComparison.Ordinal);
        Assert.Equal(StatusCodes.Status404NotFound, (await _pipeline.AskAsync("POST", "/api/v1/devices/nobody/restoration")).Status);

        Assert.Equal(["fleet.device.restore nobody refused", "fleet.device.restore pump-7 done", "fleet.device.revoke pump-7 done"], Audited());
    }

    [Fact]
    public async Task A_deleted_device_leaves_its_series_and_has_them_again_when_it_is_declared_anew()
    {
        Declare("pump-7");
        var batch = new PointBatch();
        batch.Add(new SeriesKey(Acme, new DeviceId("pump-7"), "vibration"), 1, 2.1, Quality.Good, 1);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, CancellationToken.None);

        var deleted = await _pipeline.AskAsync("DELETE", "/api/v1/devices/pump-7");
        Assert.Equal(StatusCodes.Status200OK, deleted.Status);
        Assert.Equal(1, (int?)deleted.Json["seriesKept"]);
        Assert.Contains("stays stored", (string?)deleted.Json["note"], StringComparison.Ordinal);
        Assert.Equal(StatusCodes.Status404NotFound, (await _pipeline.AskAsync("DELETE", "/api/v1/devices/pump-7")).Status);
        Assert.Equal(StatusCodes.Status404NotFound, (await _pipeline.AskAsync("GET", "/api/v1/devices/pump-7/series")).Status);
        Assert.Equal(["fleet.device.delete pump-7 refused", "fleet.device.delete pump-7 done"], Audited());

        Declare("pump-7");
        Assert.Equal("vibration", (string?)(await _pipeline.AskAsync("GET", "/api/v1/devices/pump-7/series")).Json["items"]![0]!["property"]);
    }

    [Fact]
    public async Task A_device_in_a_running_rollout_is_not_deleted()
    {
        Declare("edge-1");
        Declare("pump-7");
        _server.Get<RolloutEngine>().Add(Acme, new RolloutBench(1).Plan with
        {
            Waves = [[new RolloutTarget("pump-7", "edge-1", "s")]],
        });

        var refused = await _pipeline.AskAsync("DELETE", "/api/v1/devices/pump-7");
        Assert.Equal(StatusCodes.Status409Conflict, refused.Status);
        Assert.Equal("The device pump-7 is in the rollout r1; wait for its end, which is told by: pilotage rollout watch r1", refused.Detail());

        _server.Get<RolloutEngine>().Tell(Acme, "r1", new RolloutInput.Stop("admin", "enough"));
        Assert.Equal(StatusCodes.Status200OK, (await _pipeline.AskAsync("DELETE", "/api/v1/devices/pump-7")).Status);
    }

    private void Declare(string id) => Fleet.Declare(Acme, [new DeviceDeclaration($"acme/lyon/{id}", "pump") { Id = new DeviceId(id) }]);

    private IEnumerable<string> Audited() => _server.Get<IAudit>().Read(Acme, null, 10).Select(line => $"{line.Action} {line.Target} {line.Result}");

    [Fact]
    public async Task An_edge_that_is_not_said_is_kept_and_an_empty_one_is_none()
    {
        Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/edge-1", Things.Edge) { Id = new DeviceId("edge-1") }]);
        foreach (var (edge, stands) in new[] { (",\"edge\":\"edge-1\"", "edge-1"), ("", "edge-1"), (",\"edge\":null", "edge-1"), (",\"edge\":\"\"", null) })
        {
            var body = $$"""{"devices":[{"id":"press-4","path":"acme/lyon/press-4","thing":"press"{{edge}}}]}""";
            Assert.Equal(StatusCodes.Status200OK, (await _pipeline.AskAsync("POST", "/api/v1/enrolments", body)).Status);
            Assert.Equal(stands, (string?)(await _pipeline.AskAsync("GET", "/api/v1/devices/press-4")).Json["edge"]);
        }
    }
}
