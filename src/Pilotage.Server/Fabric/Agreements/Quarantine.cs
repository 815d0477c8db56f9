using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>Points that broke a rule and were acknowledged: on disk before that, and until somebody decides about them.</summary>
internal sealed class Quarantine : IAsyncDisposable
{
    /// <summary>Most points of a tenant; past it, what would be kept apart is refused.</summary>
    public const int PointsMax = 100_000;

    private const int CommitMax = 2_000;
    private const string Columns = "id, tenant, device, property, time_ns, received_ns, kind, value, rule, reason";
    private readonly ICatalogue _catalogue;
    private readonly GroupCommit<List<HeldPoint>> _commit;
    private readonly ConcurrentDictionary<TenantId, long> _counts = new();

    public Quarantine(ICatalogue catalogue, TimeProvider time, IMeterFactory meters)
    {
        _catalogue = catalogue;
        _commit = new(Commit, CommitMax, time);
        foreach (var (tenant, count) in catalogue.Read(c => c.Query("SELECT tenant, count(*) FROM fabric_quarantine GROUP BY tenant", row => (new TenantId(row.GetString(0)), row.GetInt64(1)))))
        {
            _counts[tenant] = count;
        }

        meters.Create("Pilotage.Server").CreateObservableGauge("pilotage.quarantine.points", () => _counts.Values.Sum(), "{point}", "Points that broke a contract and are kept apart.");
    }

    public long CountOf(TenantId tenant) => _counts.GetValueOrDefault(tenant);

    /// <summary>Keeps points; on disk when the task completes. One at the same time of the same series is replaced.</summary>
    public Task KeepAsync(IReadOnlyList<HeldPoint> points)
    {
        if (points.Count == 0)
        {
            return Task.CompletedTask;
        }

        using var entry = _commit.Enter();
        entry.Batch.AddRange(points);
        return entry.Done;
    }

    /// <param name="ids">These alone; any where there are none.</param>
    public List<HeldPoint> Read(TenantId tenant, DeviceId? device, string? property, IReadOnlyList<long>? ids, long after, int limit) => _catalogue.Read(c => c.Query(
        $"""
        SELECT {Columns} FROM fabric_quarantine
        WHERE tenant = $tenant AND id > $after AND ($device IS NULL OR device = $device) AND ($property IS NULL OR property = $property)
        {(ids is null ? "" : $"AND id IN ({string.Join(',', ids)})")} ORDER BY id LIMIT $limit
        """,
        Of,
        ("$tenant", tenant.Value), ("$after", after), ("$device", device?.Value), ("$property", property), ("$limit", limit)));

    /// <summary>Forgets points, whatever became of them; how many there were.</summary>
    public int Remove(TenantId tenant, IReadOnlyList<HeldPoint> points) => _catalogue.Write((connection, _) =>
    {
        var removed = points.Count(point => connection.Scalar("DELETE FROM fabric_quarantine WHERE id = $id RETURNING 1", ("$id", point.Id)) != 0);
        _counts[tenant] = Count(connection, tenant);
        return removed;
    });

    public ValueTask DisposeAsync() => _commit.DisposeAsync();

    private Task Commit(List<HeldPoint> points, int count)
    {
        _catalogue.Write((connection, _) =>
        {
            foreach (var point in points)
            {
                connection.Execute(
                    """
                    INSERT OR REPLACE INTO fabric_quarantine (tenant, device, property, time_ns, received_ns, kind, value, rule, reason)
                    VALUES ($tenant, $device, $property, $time, $received, $kind, $value, $rule, $reason)
                    """,
                    ("$tenant", point.Tenant.Value), ("$device", point.Device.Value), ("$property", point.Property), ("$time", point.TimeNs), ("$received", point.ReceivedNs),
                    ("$kind", (int)point.Value.Kind), ("$value", point.Value.ToString()), ("$rule", point.Rule), ("$reason", point.Reason));
            }

            foreach (var tenant in points.Select(point => point.Tenant).Distinct())
            {
                _counts[tenant] = Count(connection, tenant);
            }

            return count;
        });
        return Task.CompletedTask;
    }

    private static long Count(SqliteConnection connection, TenantId tenant) =>
        connection.Scalar("SELECT count(*) FROM fabric_quarantine WHERE tenant = $tenant", ("$tenant", tenant.Value));

    private static HeldPoint Of(SqliteDataReader row) => new(
        row.GetInt64(0), new TenantId(row.GetString(1)), new DeviceId(row.GetString(2)), row.GetString(3), row.GetInt64(4), row.GetInt64(5),
        Value((SeriesKind)row.GetInt32(6), row.GetString(7)), row.GetString(8), row.GetString(9));

    private static SeriesValue Value(SeriesKind kind, string text) => kind switch
    {
        SeriesKind.Number => SeriesValue.Of(double.Parse(text, CultureInfo.InvariantCulture)),
        SeriesKind.Whole => SeriesValue.OfWhole(long.Parse(text, CultureInfo.InvariantCulture)),
        SeriesKind.Truth => SeriesValue.OfTruth(text == "true"),
        SeriesKind.Text => SeriesValue.OfText(text),
        _ => SeriesValue.OfJson(text),
    };
}
