using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>How many messages are kept that nobody understood, and how much they take: what a device says all day that nobody reads must not fill the disk. The oldest of a tenant make room.</summary>
internal sealed class BadMessageRoom
{
    // Of one commit, so that devices do not wait where there is much to be taken away at once.
    private const int TrimmedMax = 10_000;
    private readonly ServerOptions _options;
    private readonly Counter<long> _trimmed;
    private readonly Lock _gate = new();
    private readonly Dictionary<TenantId, (long Messages, long Bytes)> _kept = [];

    public BadMessageRoom(ICatalogue catalogue, ServerOptions options, IMeterFactory meters)
    {
        _options = options;
        foreach (var (tenant, messages, bytes) in catalogue.Read(c => c.Query(
            "SELECT tenant, count(*), sum(length(payload)) FROM fabric_bad_messages GROUP BY tenant", row => (new TenantId(row.GetString(0)), row.GetInt64(1), row.GetInt64(2)))))
        {
            _kept[tenant] = (messages, bytes);
        }

        var meter = meters.Create("Pilotage.Server");
        meter.CreateObservableGauge("pilotage.ingest.bad.kept", () => Sum(kept => kept.Messages), "{message}", "Messages that were not understood and are kept.");
        meter.CreateObservableGauge("pilotage.ingest.bad.kept.bytes", () => Sum(kept => kept.Bytes), "By", "Bytes of their payloads.");
        _trimmed = meter.CreateCounter<long>("pilotage.ingest.bad.trimmed", "{message}", "Messages that were not understood and were taken away because they were the oldest of too many.");
        _trimmed.Add(0);
    }

    /// <summary>Takes the oldest of a tenant away that are beyond the bounds, in the commit that brings more; what changed.</summary>
    public BadChange Trim(SqliteConnection connection, TenantId tenant, int added, long addedBytes)
    {
        var (messages, bytes) = Of(tenant);
        var (over, overBytes) = (messages + added - _options.BadMessagesMax, bytes + addedBytes - _options.BadMessageBytesMax);
        var (gone, goneBytes, last) = (0L, 0L, 0L);
        if (over > 0 || overBytes > 0)
        {
            foreach (var (id, size) in connection.Query(
                "SELECT id, length(payload) FROM fabric_bad_messages WHERE tenant = $tenant ORDER BY id LIMIT $limit", row => (row.GetInt64(0), row.GetInt64(1)), ("$tenant", tenant.Value), ("$limit", TrimmedMax)))
            {
                if (gone >= over && goneBytes >= overBytes)
                {
                    break;
                }

                (gone, goneBytes, last) = (gone + 1, goneBytes + size, id);
            }

            connection.Execute("DELETE FROM fabric_bad_messages WHERE tenant = $tenant AND id <= $last", ("$tenant", tenant.Value), ("$last", last));
        }

        return new BadChange(tenant, added - gone, addedBytes - goneBytes, gone);
    }

    /// <summary>Takes note of what was committed.</summary>
    public void Committed(BadChange change)
    {
        lock (_gate)
        {
            var (messages, bytes) = _kept.GetValueOrDefault(change.Tenant);
            _kept[change.Tenant] = (messages + change.Messages, bytes + change.Bytes);
        }

        _trimmed.Add(change.Trimmed);
    }

    private (long Messages, long Bytes) Of(TenantId tenant)
    {
        lock (_gate)
        {
            return _kept.GetValueOrDefault(tenant);
        }
    }

    private long Sum(Func<(long Messages, long Bytes), long> of)
    {
        lock (_gate)
        {
            return _kept.Values.Sum(of);
        }
    }

    /// <summary>By how much more is kept of a tenant after a commit, and how many went.</summary>
    internal sealed record BadChange(TenantId Tenant, long Messages, long Bytes, long Trimmed);
}
