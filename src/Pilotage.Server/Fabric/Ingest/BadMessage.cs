namespace Pilotage.Server.Fabric.Ingest;

/// <summary>A message that was acknowledged and not understood, whole or in part; nothing acknowledged is lost.</summary>
/// <param name="Origin">Edge, log and offset when it was forwarded, so that a redelivery keeps it once; else null.</param>
internal sealed record BadMessage(
    TenantId Tenant, DeviceId Device, string Topic, long ReceivedNs, string Reason, ReadOnlyMemory<byte> Payload, string? Origin);
