using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <summary>One row of a batch: the values of a device at a time stand from Start on.</summary>
internal readonly record struct BatchRow(TenantId Tenant, DeviceId Device, long TimeNs, long EdgeNs, int Start, int Count);
