namespace Pilotage.Server.Fleet.Contracts;

/// <summary>What whoever holds the connections tells the fleet.</summary>
public interface IPresences
{
    /// <summary>Called after a device's connection came or went.</summary>
    event Action<TenantId, DeviceId, Presence>? Changed;

    void Connected(TenantId tenant, DeviceId device, long nowNs);

    void Disconnected(TenantId tenant, DeviceId device, long nowNs, string why);

    /// <summary>A message of the device arrived, directly or by its edge.</summary>
    void Reported(TenantId tenant, DeviceId device, long nowNs);
}
