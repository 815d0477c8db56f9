using System.Text.Json;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>Sources in the catalogue, whose file nobody but the server may read.</summary>
internal sealed class SourceStore(ICatalogue catalogue)
{
    /// <summary>Of all tenants.</summary>
    public List<StoredSource> All() => catalogue.Read(c => c.Query(
        "SELECT tenant, settings, secrets, written_by, written_ns, paused FROM fabric_sources ORDER BY tenant, source",
        row => new StoredSource(
            new TenantId(row.GetString(0)), JsonSerializer.Deserialize<SourceSettings>(row.GetString(1))!, JsonSerializer.Deserialize<SourceSecrets>(row.GetString(2))!, row.GetString(3), row.GetInt64(4), row.TextOrNull(5))));

    public void Put(StoredSource source) => catalogue.Write((connection, _) => connection.Execute(
        """
        INSERT OR REPLACE INTO fabric_sources (tenant, source, settings, secrets, written_by, written_ns, paused)
        VALUES ($tenant, $source, $settings, $secrets, $by, $ns, $paused)
        """,
        ("$tenant", source.Tenant.Value), ("$source", source.Settings.Name), ("$settings", JsonSerializer.Serialize(source.Settings)), ("$secrets", JsonSerializer.Serialize(source.Secrets)),
        ("$by", source.WrittenBy), ("$ns", source.WrittenNs), ("$paused", source.Paused)));

    /// <summary>Pauses every source that is not paused; on disk when this returns.</summary>
    public void PauseAll(string why) => catalogue.Write((connection, _) => connection.Execute("UPDATE fabric_sources SET paused = $why WHERE paused IS NULL", ("$why", why)));

    public void Delete(TenantId tenant, string name) => catalogue.Write((connection, _) => connection.Execute(
        "DELETE FROM fabric_sources WHERE tenant = $tenant AND source = $source", ("$tenant", tenant.Value), ("$source", name)));
}
