using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Retention;

/// <summary>Rules of retention, and how far they were followed, in the catalogue.</summary>
internal sealed class RetentionStore(ICatalogue catalogue)
{
    private const string Columns = "tenant, rule, path, thing, property, keep_ns, rollup_ns, rollup_keep_ns, written_by, written_ns";

    public List<RetentionRule> All() => catalogue.Read(c => c.Query($"SELECT {Columns} FROM fabric_retention ORDER BY tenant, rule", Of));

    public void Put(RetentionRule rule) => catalogue.Write((connection, _) => connection.Execute(
        $"INSERT OR REPLACE INTO fabric_retention ({Columns}) VALUES ($tenant, $rule, $path, $thing, $property, $keep, $rollup, $rollupKeep, $by, $ns)",
        ("$tenant", rule.Tenant.Value), ("$rule", rule.Name), ("$path", rule.Path), ("$thing", rule.Thing), ("$property", rule.Property), ("$keep", rule.KeepNs),
        ("$rollup", rule.RollUpNs), ("$rollupKeep", rule.RollUpKeepNs), ("$by", rule.WrittenBy), ("$ns", rule.WrittenNs)));

    public void Delete(RetentionRule rule) => catalogue.Write((connection, _) => connection.Execute(
        "DELETE FROM fabric_retention WHERE tenant = $tenant AND rule = $rule", ("$tenant", rule.Tenant.Value), ("$rule", rule.Name)));

    /// <summary>Up to where the points of series were summed up.</summary>
    public List<(SeriesKey Key, long FloorNs)> Floors() => catalogue.Read(c => c.Query(
        "SELECT tenant, device, property, floor_ns FROM fabric_retention_floors",
        row => (new SeriesKey(new TenantId(row.GetString(0)), new DeviceId(row.GetString(1)), row.GetString(2)), row.GetInt64(3))));

    /// <summary>Takes note that points before a time were summed up; a floor never falls.</summary>
    public void Raise(TenantId tenant, DeviceId device, IEnumerable<string> properties, long floorNs) => catalogue.Write((connection, _) =>
    {
        var rows = 0;
        foreach (var property in properties)
        {
            rows += connection.Execute(
                """
                INSERT INTO fabric_retention_floors (tenant, device, property, floor_ns) VALUES ($tenant, $device, $property, $floor)
                ON CONFLICT (tenant, device, property) DO UPDATE SET floor_ns = max(floor_ns, excluded.floor_ns)
                """,
                ("$tenant", tenant.Value), ("$device", device.Value), ("$property", property), ("$floor", floorNs));
        }

        return rows;
    });

    public long? LastSweepNs() => catalogue.Read(c => c.Query("SELECT last_ns FROM fabric_retention_sweeps", row => (long?)row.GetInt64(0))).FirstOrDefault();

    public void Swept(long nowNs) => catalogue.Write((connection, _) => connection.Execute(
        "INSERT OR REPLACE INTO fabric_retention_sweeps (id, last_ns) VALUES (1, $now)", ("$now", nowNs)));

    private static RetentionRule Of(SqliteDataReader row) => new(
        new TenantId(row.GetString(0)), row.GetString(1), Text(row, 2), Text(row, 3), Text(row, 4), row.GetInt64(5), Number(row, 6), Number(row, 7), row.GetString(8), row.GetInt64(9));

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Number(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
}
