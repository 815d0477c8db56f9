using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Events, last words and messages nobody understood: one transaction for all that arrived meanwhile.</summary>
internal sealed class EventStore : IDomainEvents, IAsyncDisposable
{
    private const int CommitMax = 2_000;
    private const string Columns = "position, tenant, device, source, id, type, time_ns, received_ns, data";
    private readonly ICatalogue _catalogue;
    private readonly GroupCommit<List<Write>> _commit;

    public EventStore(ICatalogue catalogue, TimeProvider time)
    {
        _catalogue = catalogue;
        _commit = new(Commit, CommitMax, time);
    }

    public event Action<DomainEvent>? Recorded;

    public async ValueTask<bool> RecordAsync(DomainEvent domainEvent, CancellationToken cancellation)
    {
        var write = new EventWrite(domainEvent);
        await AddAsync(write).WaitAsync(cancellation);
        return write.Position > 0;
    }

    /// <summary>Keeps a device's last word on a subject and tells it to whoever listens.</summary>
    public Task ReportAsync(DomainEvent report, string subject) => AddAsync(new ReportWrite(report, subject));

    /// <summary>Keeps a message that could not be understood.</summary>
    public Task KeepAsync(BadMessage bad) => AddAsync(new BadWrite(bad));

    public IReadOnlyList<DomainEvent> Read(TenantId tenant, string type, DeviceId? device, long afterPosition, int limit) => _catalogue.Read(c => c.Query(
        $"""
        SELECT {Columns} FROM fabric_events
        WHERE tenant = $tenant AND type = $type AND position > $after AND ($device IS NULL OR device = $device) ORDER BY position LIMIT $limit
        """,
        ToEvent,
        ("$tenant", tenant.Value), ("$type", type), ("$after", afterPosition), ("$device", device?.Value), ("$limit", limit)));

    public long BadCount(TenantId tenant, DeviceId device) => _catalogue.Read(c => c.Scalar(
        "SELECT count(*) FROM fabric_bad_messages WHERE tenant = $tenant AND device = $device", ("$tenant", tenant.Value), ("$device", device.Value)));

    public IReadOnlyList<BadMessage> Bad(TenantId tenant, DeviceId? device, int limit) => _catalogue.Read(c => c.Query(
        """
        SELECT device, topic, received_ns, reason, payload, origin FROM fabric_bad_messages
        WHERE tenant = $tenant AND ($device IS NULL OR device = $device) ORDER BY id DESC LIMIT $limit
        """,
        r => new BadMessage(tenant, new DeviceId(r.GetString(0)), r.GetString(1), r.GetInt64(2), r.GetString(3), r.GetFieldValue<byte[]>(4), r.TextOrNull(5)),
        ("$tenant", tenant.Value), ("$device", device?.Value), ("$limit", limit)));

    public ValueTask DisposeAsync() => _commit.DisposeAsync();

    private Task AddAsync(Write write)
    {
        using var entry = _commit.Enter();
        entry.Batch.Add(write);
        return entry.Done;
    }

    private Task Commit(List<Write> writes, int count)
    {
        _catalogue.Write((connection, _) =>
        {
            foreach (var write in writes)
            {
                write.Apply(connection);
            }

            return count;
        });

        foreach (var write in writes)
        {
            if (write.ToTell is { } told)
            {
                Recorded?.Invoke(told);
            }
        }

        return Task.CompletedTask;
    }

    private static DomainEvent ToEvent(SqliteDataReader r)
    {
        using var data = JsonDocument.Parse(r.GetString(8));
        return new DomainEvent(
            r.GetInt64(0), new TenantId(r.GetString(1)), new DeviceId(r.GetString(2)), r.GetString(3), r.GetString(4), r.GetString(5), r.GetInt64(6),
            r.GetInt64(7), data.RootElement.Clone());
    }

    private abstract class Write
    {
        public virtual DomainEvent? ToTell => null;

        public abstract void Apply(SqliteConnection connection);
    }

    private sealed class EventWrite(DomainEvent e) : Write
    {
        public long Position { get; private set; }

        public override DomainEvent? ToTell => Position > 0 ? e with { Position = Position } : null;

        public override void Apply(SqliteConnection connection) => Position = connection.Scalar(
            """
            INSERT INTO fabric_events (tenant, device, source, id, type, time_ns, received_ns, data)
            VALUES ($tenant, $device, $source, $id, $type, $time, $received, $data) ON CONFLICT DO NOTHING RETURNING position
            """,
            ("$tenant", e.Tenant.Value), ("$device", e.Device.Value), ("$source", e.Source), ("$id", e.Id), ("$type", e.Type), ("$time", e.TimeNs),
            ("$received", e.ReceivedNs), ("$data", e.Data.GetRawText()));
    }

    private sealed class ReportWrite(DomainEvent report, string subject) : Write
    {
        public override DomainEvent? ToTell => report;

        public override void Apply(SqliteConnection connection) => connection.Execute(
            """
            INSERT INTO fabric_reported (tenant, device, subject, received_ns, data) VALUES ($tenant, $device, $subject, $received, $data)
            ON CONFLICT (tenant, device, subject) DO UPDATE SET received_ns = excluded.received_ns, data = excluded.data
            """,
            ("$tenant", report.Tenant.Value), ("$device", report.Device.Value), ("$subject", subject), ("$received", report.ReceivedNs),
            ("$data", report.Data.GetRawText()));
    }

    private sealed class BadWrite(BadMessage bad) : Write
    {
        public override void Apply(SqliteConnection connection) => connection.Execute(
            """
            INSERT INTO fabric_bad_messages (tenant, device, topic, received_ns, reason, payload, origin)
            VALUES ($tenant, $device, $topic, $received, $reason, $payload, $origin) ON CONFLICT DO NOTHING
            """,
            ("$tenant", bad.Tenant.Value), ("$device", bad.Device.Value), ("$topic", bad.Topic), ("$received", bad.ReceivedNs), ("$reason", bad.Reason),
            ("$payload", bad.Payload.ToArray()), ("$origin", bad.Origin));
    }
}
