using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <summary>What a look at every block of a store came to.</summary>
/// <param name="Series">Series that hold a point.</param>
/// <param name="Points">Points that can be read, those included that were replaced and still take their space.</param>
/// <param name="Hidden">Points that were deleted and still take their space; nobody sees them.</param>
/// <param name="Damages">Blocks that cannot be read.</param>
/// <param name="Noticed">Everything that was durable and could not be read since the store was opened, records of the log and whole segments included.</param>
public sealed record StoreCheck(long Series, long Points, long Hidden, IReadOnlyList<StoreDamage> Damages, long Noticed);

/// <summary>A block that cannot be read: the messages of one device, of some time.</summary>
public sealed record StoreDamage(string File, TenantId Tenant, DeviceId Device, IReadOnlyList<string> Properties, long FirstNs, long LastNs, int Messages);
