using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>Whose telemetry a caller may send.</summary>
internal static class DoorRights
{
    /// <summary>The permission of all these routes; devices have it for themselves and for those behind them.</summary>
    public const string Permission = "fabric.telemetry.write";

    /// <summary>The device of that id, path or name, or why nothing is taken for it.</summary>
    public static Outcome<Device> DeviceFor(Principal who, IFleet fleet, string idOrPathOrName) => fleet.Resolve(who.Tenant, idOrPathOrName).Then(device =>
    {
        if (device.Status == DeviceStatus.Revoked)
        {
            return new Refusal("fabric.device.revoked", $"{device.Id} was revoked, and nothing is taken for it. Let it in again: pilotage device restore {device.Id}");
        }

        return who.Device is { } own && own != device.Id && device.Edge != own
            ? new Refusal("fabric.telemetry.forbidden", $"{own} may send telemetry of its own and of devices behind it, not of {device.Id}.")
            : (Outcome<Device>)device;
    });
}
