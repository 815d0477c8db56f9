using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <summary>Points to be deleted.</summary>
/// <param name="Tenant">Whose device it is.</param>
/// <param name="Device">The device.</param>
/// <param name="Properties">Its properties; null for all.</param>
/// <param name="FromNs">The first time.</param>
/// <param name="ToNs">The last time.</param>
public sealed record Deletion(TenantId Tenant, DeviceId Device, IReadOnlyList<string>? Properties, long FromNs, long ToNs);
