using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <summary>One row of a batch: the values of a device at a time stand from Start on.</summary>
/// <param name="Properties">Their names; null where they came one by one, and then the batch has them where the values stand.</param>
internal readonly record struct BatchRow(TenantId Tenant, DeviceId Device, long TimeNs, long EdgeNs, int Start, int Count, string[]? Properties);
