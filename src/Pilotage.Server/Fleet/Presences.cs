using System.Collections.Concurrent;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fleet;

/// <summary>Who is connected and who was heard when; in memory, because a restart ends every connection anyway.</summary>
internal sealed class Presences : IPresences
{
    private readonly ConcurrentDictionary<(TenantId, DeviceId), Entry> _entries = new();

    public event Action<TenantId, DeviceId, Presence>? Changed;

    public void Connected(TenantId tenant, DeviceId device, long nowNs) => Change(tenant, device, +1, nowNs, null);

    public void Disconnected(TenantId tenant, DeviceId device, long nowNs, string why) => Change(tenant, device, -1, nowNs, why);

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

    private void Change(TenantId tenant, DeviceId device, int step, long nowNs, string? why)
    {
        var entry = _entries.GetOrAdd((tenant, device), static _ => new Entry());
        Presence now;
        lock (entry)
        {
            // A device may hold a second connection for a moment while it takes its own session over.
            entry.Connections = Math.Max(0, entry.Connections + step);
            entry.ChangedNs = nowNs;
            entry.Why = entry.Connections > 0 ? null : why;
            now = entry.ToPresence();
        }

        Changed?.Invoke(tenant, device, now);
    }

    private sealed class Entry
    {
        public long LastReportNs;

        public int Connections { get; set; }

        public long ChangedNs { get; set; }

        public string? Why { get; set; }

        public Presence ToPresence()
        {
            var last = Interlocked.Read(ref LastReportNs);
            return new Presence(Connections > 0, last == 0 ? null : last, ChangedNs == 0 ? null : ChangedNs, Why);
        }
    }
}
