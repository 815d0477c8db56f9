using Microsoft.AspNetCore.Http;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
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
        Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-7", "pump") { Id = new DeviceId("pump-7") }]);
        Assert.Equal(StatusCodes.Status204NoContent, (await _pipeline.AskAsync("POST", "/api/v1/devices/pump-7/revocation")).Status);

        var restored = await _pipeline.AskAsync("POST", "/api/v1/devices/pump-7/restoration");
        Assert.Equal("pump-7", (string?)restored.Json["device"]);
        Assert.StartsWith("pe1.", (string?)restored.Json["code"], StringComparison.Ordinal);
        Assert.Equal(StatusCodes.Status404NotFound, (await _pipeline.AskAsync("POST", "/api/v1/devices/nobody/restoration")).Status);

        Assert.Equal(["fleet.device.restore nobody refused", "fleet.device.restore pump-7 done", "fleet.device.revoke pump-7 done"], Audited());
    }

    private IEnumerable<string> Audited() => _server.Get<IAudit>().Read(Acme, null, 10).Select(line => $"{line.Action} {line.Target} {line.Result}");
}
