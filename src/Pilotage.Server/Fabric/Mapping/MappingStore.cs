using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>A mapping as it is kept: what came, its digest, who sent it and when.</summary>
internal sealed record StoredMapping(string Name, int Version, Digest Digest, string WrittenBy, long WrittenNs, ReadOnlyMemory<byte> Document);

/// <summary>Mappings in the catalogue.</summary>
internal sealed class MappingStore(ICatalogue catalogue)
{
    private const string Columns = "mapping, version, digest, written_by, written_ns, document";

    /// <summary>The version in force of each mapping of a tenant, by name.</summary>
    public List<StoredMapping> Current(TenantId tenant) => catalogue.Read(c => c.Query(
        $"""
        SELECT {Columns} FROM fabric_mappings WHERE tenant = $tenant
        AND version = (SELECT max(version) FROM fabric_mappings newest WHERE newest.tenant = fabric_mappings.tenant AND newest.mapping = fabric_mappings.mapping) ORDER BY mapping
        """,
        Of,
        ("$tenant", tenant.Value)));

    /// <summary>One version, or the one in force; null where there is none.</summary>
    public StoredMapping? Find(TenantId tenant, string name, int? version) => catalogue.Read(c => c.QueryFirst(
        $"SELECT {Columns} FROM fabric_mappings WHERE tenant = $tenant AND mapping = $name AND ($version IS NULL OR version = $version) ORDER BY version DESC LIMIT 1",
        Of,
        ("$tenant", tenant.Value), ("$name", name), ("$version", version)));

    /// <summary>The versions that are kept, newest first.</summary>
    public List<int> Versions(TenantId tenant, string name) => catalogue.Read(c => c.Query(
        "SELECT version FROM fabric_mappings WHERE tenant = $tenant AND mapping = $name ORDER BY version DESC", row => row.GetInt32(0), ("$tenant", tenant.Value), ("$name", name)));

    /// <summary>Writes a version and lets go of all but the newest.</summary>
    public void Put(TenantId tenant, StoredMapping mapping, int versionsMax) => catalogue.Write((connection, _) =>
    {
        connection.Execute(
            """
            INSERT OR REPLACE INTO fabric_mappings (tenant, mapping, version, digest, document, written_by, written_ns)
            VALUES ($tenant, $name, $version, $digest, $document, $by, $ns)
            """,
            ("$tenant", tenant.Value), ("$name", mapping.Name), ("$version", mapping.Version), ("$digest", mapping.Digest.ToString()),
            ("$document", mapping.Document.ToArray()), ("$by", mapping.WrittenBy), ("$ns", mapping.WrittenNs));
        return connection.Execute(
            """
            DELETE FROM fabric_mappings WHERE tenant = $tenant AND mapping = $name AND version NOT IN (
                SELECT version FROM fabric_mappings WHERE tenant = $tenant AND mapping = $name ORDER BY version DESC LIMIT $max)
            """,
            ("$tenant", tenant.Value), ("$name", mapping.Name), ("$max", versionsMax));
    });

    /// <summary>Takes all versions away; how many there were.</summary>
    public int Delete(TenantId tenant, string name) => catalogue.Write((connection, _) => connection.Execute(
        "DELETE FROM fabric_mappings WHERE tenant = $tenant AND mapping = $name", ("$tenant", tenant.Value), ("$name", name)));

    private static StoredMapping Of(SqliteDataReader row) => new(
        row.GetString(0), row.GetInt32(1), Digest.TryParse(row.GetString(2), out var digest) ? digest : default, row.GetString(3), row.GetInt64(4), row.GetFieldValue<byte[]>(5));
}
