namespace Pilotage.Server.Fleet.Contracts;

/// <summary>What whoever holds the connections tells the fleet.</summary>
public interface IPresences
{
    /// <summary>Called after a device became connected, or was not any more.</summary>
    event Action<TenantId, DeviceId, Presence>? Changed;

    /// <summary>A client of the device is connected; one that has taken its own session over may say so again.</summary>
    void Connected(TenantId tenant, DeviceId device, string client, long nowNs);

    /// <summary>A client of the device is gone.</summary>
    void Disconnected(TenantId tenant, DeviceId device, string client, long nowNs, string why);

    /// <summary>A message of the device arrived, directly or by its edge.</summary>
    void Reported(TenantId tenant, DeviceId device, long nowNs);
}
