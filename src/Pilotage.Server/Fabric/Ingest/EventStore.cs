using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Events, last words and messages nobody understood: one transaction for all that arrived meanwhile.</summary>
/// <remarks>Messages nobody understood are kept up to a number and size for each tenant. Events are kept up to a number for each tenant, and for as long as it is said; the oldest go, and are known by their id no more.</remarks>
internal sealed partial class EventStore : IDomainEvents, IAsyncDisposable
{
    private const int CommitMax = 2_000;
    private const int TrimmedMax = 10_000;
    private static readonly TimeSpan AgeInterval = TimeSpan.FromHours(1);
    private const string Columns = "position, tenant, device, source, id, type, time_ns, received_ns, data";
    private readonly ICatalogue _catalogue;
    private readonly GroupCommit<List<Write>> _commit;
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<EventStore> _logger;
    private readonly Counter<long> _trimmed;
    private readonly ITimer _aging;
    private readonly BadMessageRoom _bad;

    // By what was committed.
    private readonly ConcurrentDictionary<TenantId, long> _counts = new();

    public EventStore(ICatalogue catalogue, ServerOptions options, TimeProvider time, IMeterFactory meters, ILogger<EventStore> logger)
    {
        (_catalogue, _options, _time, _logger) = (catalogue, options, time, logger);
        _commit = new(Commit, CommitMax, time);
        foreach (var (tenant, count) in catalogue.Read(c => c.Query("SELECT tenant, count(*) FROM fabric_events GROUP BY tenant", row => (new TenantId(row.GetString(0)), row.GetInt64(1)))))
        {
            _counts[tenant] = count;
        }

        _bad = new(catalogue, options, meters);
        var meter = meters.Create("Pilotage.Server");
        meter.CreateObservableGauge("pilotage.events.stored", () => _counts.Values.Sum(), "{event}", "Events that are kept.");
        _trimmed = meter.CreateCounter<long>("pilotage.events.trimmed", "{event}", "Events that were taken away because they were the oldest, by cause: number, age.");
        Trimmed(0, "number");
        Trimmed(0, "age");
        _aging = time.CreateTimer(_ => TrimByAge(), null, AgeInterval, AgeInterval);
    }

    public event Action<DomainEvent>? Recorded;

    public async ValueTask<bool> RecordAsync(DomainEvent domainEvent, CancellationToken cancellation)
    {
        var write = new EventWrite(domainEvent);
        await AddAsync(write).WaitAsync(cancellation);
        return write.Position > 0;
    }

    /// <summary>Records events in one commit, all or none of them; how many there were not yet.</summary>
    public Task<int> RecordAsync(IReadOnlyList<DomainEvent> events)
    {
        if (events.Count == 0)
        {
            return Task.FromResult(0);
        }

        var writes = events.Select(one => new EventWrite(one)).ToList();
        return CountAsync(AddAsync(writes), writes);
    }

    /// <summary>Keeps a device's last word on a subject and tells it to whoever listens.</summary>
    public Task ReportAsync(DomainEvent report, string subject) => AddAsync(new ReportWrite(report, subject));

    /// <summary>Keeps a message that could not be understood.</summary>
    public Task KeepAsync(BadMessage bad) => AddAsync(new BadWrite(bad));

    public IReadOnlyList<DomainEvent> Read(TenantId tenant, string type, DeviceId? device = null, long afterPosition = 0, int limit = 10_000) => _catalogue.Read(c => c.Query(
        $"""
        SELECT {Columns} FROM fabric_events
        WHERE tenant = $tenant AND type = $type AND position > $after AND ($device IS NULL OR device = $device) ORDER BY position LIMIT $limit
        """,
        ToEvent,
        ("$tenant", tenant.Value), ("$type", type), ("$after", afterPosition), ("$device", device?.Value), ("$limit", limit)));

    /// <summary>Events of a device in the order in which they happened, after a place in it.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="device">The device.</param>
    /// <param name="types">Of these types alone; of any where there are none.</param>
    /// <param name="fromNs">The first time that counts.</param>
    /// <param name="toNs">The first time that counts no more.</param>
    /// <param name="after">Time and position of the last one before.</param>
    /// <param name="limit">So many at most.</param>
    public IReadOnlyList<DomainEvent> Between(TenantId tenant, DeviceId device, IReadOnlyList<string>? types, long fromNs, long toNs, (long TimeNs, long Position) after, int limit) => _catalogue.Read(c => c.Query(
        $"""
        SELECT {Columns} FROM fabric_events
        WHERE tenant = $tenant AND device = $device AND time_ns >= $from AND time_ns < $to AND (time_ns, position) > ($at, $position)
        AND ($types IS NULL OR type IN (SELECT value FROM json_each($types))) ORDER BY time_ns, position LIMIT $limit
        """,
        ToEvent,
        ("$tenant", tenant.Value), ("$device", device.Value), ("$from", fromNs), ("$to", toNs), ("$at", after.TimeNs), ("$position", after.Position),
        ("$types", types is null ? null : JsonSerializer.Serialize(types)), ("$limit", limit)));

    /// <summary>Takes away what is older than is said; called every hour.</summary>
    public void TrimByAge()
    {
        if (_options.EventDays == 0)
        {
            return;
        }

        try
        {
            var untilNs = Clock.ToNs(_time.GetUtcNow().AddDays(-_options.EventDays));
            while (TrimByAge(untilNs) == TrimmedMax)
            {
                // As many again may be as old.
            }
        }
        catch (Exception failure) when (failure is IOException or SqliteException)
        {
            Log.NotTrimmed(_logger, failure.Message);
        }
    }

    public long BadCount(TenantId tenant, DeviceId device) => _catalogue.Read(c => c.Scalar(
        "SELECT count(*) FROM fabric_bad_messages WHERE tenant = $tenant AND device = $device", ("$tenant", tenant.Value), ("$device", device.Value)));

    public IReadOnlyList<BadMessage> Bad(TenantId tenant, DeviceId? device, int limit) => _catalogue.Read(c => c.Query(
        """
        SELECT device, topic, received_ns, reason, payload, origin FROM fabric_bad_messages
        WHERE tenant = $tenant AND ($device IS NULL OR device = $device) ORDER BY id DESC LIMIT $limit
        """,
        r => new BadMessage(tenant, new DeviceId(r.GetString(0)), r.GetString(1), r.GetInt64(2), r.GetString(3), r.GetFieldValue<byte[]>(4), r.TextOrNull(5)),
        ("$tenant", tenant.Value), ("$device", device?.Value), ("$limit", limit)));

    public async ValueTask DisposeAsync()
    {
        await _aging.DisposeAsync();
        await _commit.DisposeAsync();
    }

    private int TrimByAge(long untilNs)
    {
        var trimmed = _catalogue.Write((connection, _) =>
        {
            // In order of arrival, so what is old stands at the beginning.
            var oldest = connection.Query(
                "SELECT position, tenant, received_ns FROM fabric_events ORDER BY position LIMIT $limit",
                r => (Position: r.GetInt64(0), Tenant: new TenantId(r.GetString(1)), Ns: r.GetInt64(2)),
                ("$limit", TrimmedMax))
                .TakeWhile(one => one.Ns < untilNs).ToList();
            foreach (var (position, _, _) in oldest)
            {
                connection.Execute("DELETE FROM fabric_events WHERE position = $position", ("$position", position));
            }

            return oldest;
        });
        trimmed.ForEach(one => _counts.AddOrUpdate(one.Tenant, 0, (_, count) => count - 1));
        Trimmed(trimmed.Count, "age");
        return trimmed.Count;
    }

    /// <summary>Takes the oldest of a tenant away that are beyond the number, in the commit that brought too many; how many.</summary>
    private int TrimByNumber(SqliteConnection connection, TenantId tenant, int added)
    {
        var over = Math.Min(TrimmedMax, _counts.GetValueOrDefault(tenant) + added - _options.EventsMax);
        return over <= 0 ? 0 : connection.Execute(
            "DELETE FROM fabric_events WHERE position IN (SELECT position FROM fabric_events WHERE tenant = $tenant ORDER BY position LIMIT $over)", ("$tenant", tenant.Value), ("$over", over));
    }

    private void Trimmed(long events, string cause) => _trimmed.Add(events, new KeyValuePair<string, object?>("cause", cause));

    private static async Task<int> CountAsync(Task done, List<EventWrite> writes)
    {
        await done;
        return writes.Count(write => write.Position > 0);
    }

    private Task AddAsync(Write write)
    {
        using var entry = _commit.Enter();
        entry.Batch.Add(write);
        return entry.Done;
    }

    /// <summary>Several, which share one commit.</summary>
    private Task AddAsync(IReadOnlyList<Write> writes)
    {
        using var entry = _commit.Enter();
        entry.Batch.AddRange(writes);
        return entry.Done;
    }

    private Task Commit(List<Write> writes, int count)
    {
        var changed = _catalogue.Write((connection, _) =>
        {
            foreach (var write in writes)
            {
                write.Apply(connection);
            }

            return (
                Events: writes.OfType<EventWrite>().Where(write => write.Position > 0).GroupBy(write => write.Tenant)
                    .Select(ofTenant => (Tenant: ofTenant.Key, Added: ofTenant.Count(), Gone: TrimByNumber(connection, ofTenant.Key, ofTenant.Count()))).ToList(),
                Bad: writes.OfType<BadWrite>().Where(write => write.IsNew).GroupBy(write => write.Tenant)
                    .Select(ofTenant => _bad.Trim(connection, ofTenant.Key, ofTenant.Count(), ofTenant.Sum(write => write.Bytes))).ToList());
        });
        changed.Bad.ForEach(_bad.Committed);
        foreach (var (tenant, added, gone) in changed.Events)
        {
            _counts.AddOrUpdate(tenant, added - gone, (_, before) => before + added - gone);
            Trimmed(gone, "number");
        }

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

    private static partial class Log
    {
        [LoggerMessage(3130, LogLevel.Warning, "Events that are too old were not taken away, and are tried again in an hour: {Why}.")]
        public static partial void NotTrimmed(ILogger logger, string why);
    }

    private sealed class EventWrite(DomainEvent e) : Write
    {
        public TenantId Tenant => e.Tenant;

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
        public TenantId Tenant => bad.Tenant;

        public long Bytes => bad.Payload.Length;

        /// <summary>Whether it was not there yet.</summary>
        public bool IsNew { get; private set; }

        public override void Apply(SqliteConnection connection) => IsNew = connection.Execute(
            """
            INSERT INTO fabric_bad_messages (tenant, device, topic, received_ns, reason, payload, origin)
            VALUES ($tenant, $device, $topic, $received, $reason, $payload, $origin) ON CONFLICT DO NOTHING
            """,
            ("$tenant", bad.Tenant.Value), ("$device", bad.Device.Value), ("$topic", bad.Topic), ("$received", bad.ReceivedNs), ("$reason", bad.Reason),
            ("$payload", bad.Payload.ToArray()), ("$origin", bad.Origin)) > 0;
    }
}
