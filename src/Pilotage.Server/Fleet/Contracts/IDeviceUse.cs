namespace Pilotage.Server.Fleet.Contracts;

/// <summary>Whether something is being done with a device right now; answered by the modules that do it, before one is deleted.</summary>
public interface IDeviceUse
{
    /// <summary>What, and what to do about it, as a sentence; null when nothing.</summary>
    string? UseOf(TenantId tenant, DeviceId device);
}
