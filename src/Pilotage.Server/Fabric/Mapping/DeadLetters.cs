using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>A message of a source that nobody can read.</summary>
/// <param name="Id">Its place; 0 until it is kept.</param>
/// <param name="Bytes">Of the payload, which may be its beginning alone.</param>
internal sealed record DeadLetter(long Id, string Source, ForeignMessage Message, string Reason, int Bytes);

/// <summary>Messages of sources that a rule takes and nobody can read: on disk before they are acknowledged, until somebody mends the rule or discards them.</summary>
internal sealed class DeadLetters : IAsyncDisposable
{
    /// <summary>Most of a tenant; past it a message is not kept, and counted as unmapped.</summary>
    public const int MessagesMax = 10_000;

    /// <summary>Most bytes of a tenant's payloads.</summary>
    public const long BytesMax = 64L * 1024 * 1024;

    /// <summary>Both, in words.</summary>
    public static string Bounds => $"{MessagesMax} messages or {BytesMax / (1024 * 1024)} MiB";

    private const int CommitMax = 2_000;
    private readonly ICatalogue _catalogue;
    private readonly GroupCommit<List<(TenantId Tenant, DeadLetter Letter)>> _commit;
    private readonly Counter<long> _unkept;

    // What is kept and what is on its way to be: the bound counts before anything is acknowledged.
    private readonly Dictionary<TenantId, (long Messages, long Bytes)> _held = [];
    private readonly Lock _gate = new();

    public DeadLetters(ICatalogue catalogue, TimeProvider time, IMeterFactory meters)
    {
        _catalogue = catalogue;
        _commit = new(Commit, CommitMax, time);
        foreach (var (tenant, messages, bytes) in catalogue.Read(c => c.Query(
            "SELECT tenant, count(*), sum(length(payload)) FROM fabric_dead_letters GROUP BY tenant", row => (new TenantId(row.GetString(0)), row.GetInt64(1), row.GetInt64(2)))))
        {
            _held[tenant] = (messages, bytes);
        }

        var meter = meters.Create("Pilotage.Server");
        meter.CreateObservableGauge("pilotage.mapping.deadletters", () => Sum(one => one.Messages), "{message}", "Messages of sources that nobody can read and that are kept until somebody decides about them.");
        meter.CreateObservableGauge("pilotage.mapping.deadletters.bytes", () => Sum(one => one.Bytes), "By", "Bytes of their payloads.");
        _unkept = meter.CreateCounter<long>("pilotage.mapping.deadletters.unkept", "{message}", "Messages of sources that nobody can read and that were not kept, because there were too many.");
        _unkept.Add(0);
    }

    public long CountOf(TenantId tenant)
    {
        lock (_gate)
        {
            return _held.GetValueOrDefault(tenant).Messages;
        }
    }

    /// <summary>Keeps a message; on disk when the task completes. Null where there is no room for it.</summary>
    public Task? Keep(TenantId tenant, string source, ForeignMessage message, string reason)
    {
        if (!TryReserve(tenant, message.Payload.Length))
        {
            _unkept.Add(1);
            return null;
        }

        using var entry = _commit.Enter();
        entry.Batch.Add((tenant, new DeadLetter(0, source, message, reason, message.Payload.Length)));
        return entry.Done;
    }

    /// <summary>A page of them in the order in which they came.</summary>
    /// <param name="bytes">Of each payload at most.</param>
    public List<DeadLetter> Read(TenantId tenant, string? source, IReadOnlyList<long>? ids, long after, int limit, int bytes) => _catalogue.Read(c => c.Query(
        $"""
        SELECT id, source, topic, content_type, retained, received_ns, reason, substr(payload, 1, $bytes), length(payload) FROM fabric_dead_letters
        WHERE tenant = $tenant AND id > $after AND ($source IS NULL OR source = $source) {Chosen(ids)} ORDER BY id LIMIT $limit
        """,
        Of,
        ("$tenant", tenant.Value), ("$after", after), ("$source", source), ("$limit", limit), ("$bytes", bytes)));

    /// <summary>Forgets them, whatever became of them; how many there were.</summary>
    public int Remove(TenantId tenant, IReadOnlyList<long> ids)
    {
        var (removed, bytes) = _catalogue.Write((connection, _) =>
        {
            var lengths = ids.Select(id => connection.QueryFirst(
                "DELETE FROM fabric_dead_letters WHERE tenant = $tenant AND id = $id RETURNING length(payload) + 1", row => row.GetInt64(0), ("$tenant", tenant.Value), ("$id", id))).Where(length => length > 0).ToList();
            return (lengths.Count, lengths.Sum() - lengths.Count);
        });
        Release(tenant, removed, bytes);
        return removed;
    }

    public ValueTask DisposeAsync() => _commit.DisposeAsync();

    private bool TryReserve(TenantId tenant, int bytes)
    {
        lock (_gate)
        {
            var held = _held.GetValueOrDefault(tenant);
            if (held.Messages >= MessagesMax || held.Bytes + bytes > BytesMax)
            {
                return false;
            }

            _held[tenant] = (held.Messages + 1, held.Bytes + bytes);
            return true;
        }
    }

    private void Release(TenantId tenant, long messages, long bytes)
    {
        lock (_gate)
        {
            var held = _held.GetValueOrDefault(tenant);
            _held[tenant] = (held.Messages - messages, held.Bytes - bytes);
        }
    }

    private long Sum(Func<(long Messages, long Bytes), long> of)
    {
        lock (_gate)
        {
            return _held.Values.Sum(of);
        }
    }

    private Task Commit(List<(TenantId Tenant, DeadLetter Letter)> letters, int count)
    {
        try
        {
            _catalogue.Write((connection, _) =>
            {
                letters.ForEach(one => Insert(connection, one.Tenant, one.Letter));
                return count;
            });
        }
        catch (Exception failure) when (failure is IOException or SqliteException)
        {
            // Whoever waits for it is told, and tries again.
            letters.ForEach(one => Release(one.Tenant, 1, one.Letter.Bytes));
            throw;
        }

        return Task.CompletedTask;
    }

    private static void Insert(SqliteConnection connection, TenantId tenant, DeadLetter letter) => connection.Execute(
        """
        INSERT INTO fabric_dead_letters (tenant, source, topic, content_type, retained, received_ns, reason, payload)
        VALUES ($tenant, $source, $topic, $type, $retained, $received, $reason, $payload)
        """,
        ("$tenant", tenant.Value), ("$source", letter.Source), ("$topic", letter.Message.Topic), ("$type", letter.Message.ContentType), ("$retained", letter.Message.IsRetained ? 1 : 0),
        ("$received", letter.Message.ReceivedNs), ("$reason", letter.Reason), ("$payload", letter.Message.Payload.ToArray()));

    // Numbers, so that nothing of the caller stands in the statement.
    private static string Chosen(IReadOnlyList<long>? ids) => ids is null ? "" : FormattableString.Invariant($"AND id IN ({string.Join(',', ids)})");

    private static DeadLetter Of(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), new ForeignMessage(row.GetString(2), row.GetFieldValue<byte[]>(7), row.TextOrNull(3), row.GetInt64(4) != 0, row.GetInt64(5)), row.GetString(6), row.GetInt32(8));
}
