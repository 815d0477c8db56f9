using System.Collections.Concurrent;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fleet;

/// <summary>Who is connected and who was heard when; in memory, because a restart ends every connection anyway.</summary>
internal sealed class Presences : IPresences
{
    private readonly ConcurrentDictionary<(TenantId, DeviceId), Entry> _entries = new();

    public event Action<TenantId, DeviceId, Presence>? Changed;

    public void Connected(TenantId tenant, DeviceId device, string client, long nowNs) => Change(tenant, device, client, nowNs, null);

    public void Disconnected(TenantId tenant, DeviceId device, string client, long nowNs, string why) => Change(tenant, device, client, nowNs, why);

    public void Reported(TenantId tenant, DeviceId device, long nowNs)
    {
        var entry = _entries.GetOrAdd((tenant, device), static _ => new Entry());
        Interlocked.Exchange(ref entry.LastReportNs, nowNs);
    }

    public Presence Of(TenantId tenant, DeviceId device)
    {
        if (!_entries.TryGetValue((tenant, device), out var entry))
        {
            return new Presence(false, null, null, "not heard since the server started");
        }

        lock (entry)
        {
            return entry.ToPresence();
        }
    }

    /// <summary>With a reason, the client is gone.</summary>
    private void Change(TenantId tenant, DeviceId device, string client, long nowNs, string? why)
    {
        var entry = _entries.GetOrAdd((tenant, device), static _ => new Entry());
        Presence now;
        lock (entry)
        {
            // A device may have several clients, and one that takes its own session over connects without having gone.
            var before = entry.Clients.Count > 0;
            _ = why is null ? entry.Clients.Add(client) : entry.Clients.Remove(client);
            if (before == entry.Clients.Count > 0)
            {
                return;
            }

            entry.ChangedNs = nowNs;
            entry.Why = why;
            now = entry.ToPresence();
        }

        Changed?.Invoke(tenant, device, now);
    }

    private sealed class Entry
    {
        public long LastReportNs;

        public HashSet<string> Clients { get; } = new(StringComparer.Ordinal);

        public long ChangedNs { get; set; }

        public string? Why { get; set; }

        public Presence ToPresence()
        {
            var last = Interlocked.Read(ref LastReportNs);
            return new Presence(Clients.Count > 0, last == 0 ? null : last, ChangedNs == 0 ? null : ChangedNs, Why);
        }
    }
}
