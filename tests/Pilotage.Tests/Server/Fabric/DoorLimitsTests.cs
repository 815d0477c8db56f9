using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Doors;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

public sealed class DoorLimitsTests : IDisposable
{
    private static readonly Principal Admin = new("admin", "administrator", new TenantId("acme"), [Roles.Admin], null);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTime _time = new();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void So_many_requests_at_once_and_the_next_when_one_has_left()
    {
        var limits = Limits(new ServerOptions { DataFolder = "/", IngestRequestsMax = 2 });
        var first = limits.Enter(Admin).Value;
        Assert.True(limits.Enter(Admin).IsOk);
        Assert.Equal("fabric.ingest.too_many", limits.Enter(Admin).Refusal.Code);
        first.Dispose();
        first.Dispose();
        Assert.True(limits.Enter(Admin).IsOk);
        Assert.False(limits.Enter(Admin).IsOk);
    }

    [Fact]
    public void A_device_has_its_rate_and_four_seconds_of_it_at_once_and_others_have_their_own()
    {
        var limits = Limits(new ServerOptions { DataFolder = "/", PublishesPerSecond = 5 });
        Assert.All(Enumerable.Range(0, 20), _ => Enter(limits, "p1"));
        Assert.Contains("p1 sends more than 5 requests a second", limits.Enter(Of("p1")).Refusal.Message, StringComparison.Ordinal);
        Enter(limits, "p2");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.All(Enumerable.Range(0, 5), _ => Enter(limits, "p1"));
        Assert.False(limits.Enter(Of("p1")).IsOk);

        var free = Limits(new ServerOptions { DataFolder = "/", PublishesPerSecond = 0 });
        Assert.All(Enumerable.Range(0, 1_000), _ => Enter(free, "p1"));
    }

    private DoorLimits Limits(ServerOptions options) => new(options, _time, _services.GetRequiredService<IMeterFactory>());

    private static Principal Of(string device) => new(device, device, new TenantId("acme"), [Roles.Device], new DeviceId(device));

    private static void Enter(DoorLimits limits, string device)
    {
        var place = limits.Enter(Of(device));
        Assert.True(place.IsOk);
        place.Value.Dispose();
    }
}
