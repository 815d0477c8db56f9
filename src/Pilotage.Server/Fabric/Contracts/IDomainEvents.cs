using System.Text.Json;

namespace Pilotage.Server.Fabric.Contracts;

/// <summary>Events that devices reported and the server recorded: stops, alerts, reported twins. Never merged by time.</summary>
public interface IDomainEvents
{
    /// <summary>Called after an event is on disk, once per new event, in order of recording per device; must not block or throw.</summary>
    event Action<DomainEvent>? Recorded;

    /// <summary>Records an event that came another way (CSV, webhook); false when (source, id) was recorded before.</summary>
    ValueTask<bool> RecordAsync(DomainEvent domainEvent, CancellationToken cancellation);

    /// <summary>Recorded events of a type, in order of recording, after a position; the last one's position carries on.</summary>
    IReadOnlyList<DomainEvent> Read(TenantId tenant, string type, DeviceId? device = null, long afterPosition = 0, int limit = 10_000);
}

/// <summary>One recorded event.</summary>
/// <param name="Position">Order of recording inside the server; 0 until recorded.</param>
/// <param name="Source">CloudEvents source; (Source, Id) is unique in a tenant.</param>
/// <param name="Type">The name under <c>_event/</c>, for example <c>stop</c>; <c>twin.reported/…</c> for reported twins.</param>
/// <param name="TimeNs">When it happened, by the device's clock.</param>
public sealed record DomainEvent(
    long Position, TenantId Tenant, DeviceId Device, string Source, string Id, string Type, long TimeNs, long ReceivedNs, JsonElement Data);
