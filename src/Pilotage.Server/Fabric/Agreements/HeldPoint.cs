using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>A point that is kept apart.</summary>
/// <param name="Id">Its place in the quarantine; 0 until it is there.</param>
internal sealed record HeldPoint(long Id, TenantId Tenant, DeviceId Device, string Property, long TimeNs, long ReceivedNs, SeriesValue Value, string Rule, string Reason);
