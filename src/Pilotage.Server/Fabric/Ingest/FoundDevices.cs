using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Devices that nobody declared and that turned up all the same get a place in the fleet.</summary>
internal static class FoundDevices
{
    /// <summary>The device at that path from now on, or why there is none.</summary>
    /// <remarks>Named as its path names it, so that enrolling it later is the same device; where that id is taken or none, one is made up.</remarks>
    public static Outcome<Device> Declare(IFleet fleet, TenantId tenant, string path, string thing)
    {
        var found = new DeviceDeclaration(path, thing);
        var named = found with { Id = new DeviceId(path[(path.LastIndexOf('/') + 1)..]) };
        return (fleet.Declare(tenant, [named]).TryGet(out _, out var refusal) || fleet.Declare(tenant, [found]).TryGet(out _, out refusal)) && fleet.FindByPath(tenant, path) is { } device
            ? device
            : refusal ?? new Refusal("fabric.device.not_found", $"the device at {path} was deleted as soon as it was made");
    }
}
