using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>Pipelines and their versions in the catalogue.</summary>
internal sealed class PipelineStore(ICatalogue catalogue)
{
    /// <summary>Versions of a pipeline that are kept; the oldest go.</summary>
    public const int VersionsMax = 100;

    private const string Columns = "tenant, pipeline, version, document, paused, written_by, written_ns";

    /// <summary>The newest version of each, of all tenants.</summary>
    public List<StoredPipeline> Newest() => catalogue.Read(c => c.Query(
        $"SELECT {Columns} FROM fabric_pipelines AS p WHERE version = (SELECT MAX(version) FROM fabric_pipelines WHERE tenant = p.tenant AND pipeline = p.pipeline) ORDER BY tenant, pipeline", Of));

    /// <summary>A version of a pipeline; null where there is none.</summary>
    public StoredPipeline? Find(TenantId tenant, string name, int version) => catalogue.Read(c => c.Query(
        $"SELECT {Columns} FROM fabric_pipelines WHERE tenant = $tenant AND pipeline = $pipeline AND version = $version", Of,
        ("$tenant", tenant.Value), ("$pipeline", name), ("$version", version))).FirstOrDefault();

    /// <summary>The versions of a pipeline that are kept, newest first.</summary>
    public List<StoredPipeline> Versions(TenantId tenant, string name) => catalogue.Read(c => c.Query(
        $"SELECT {Columns} FROM fabric_pipelines WHERE tenant = $tenant AND pipeline = $pipeline ORDER BY version DESC", Of, ("$tenant", tenant.Value), ("$pipeline", name)));

    /// <summary>Adds a version; on disk when this returns.</summary>
    public void Add(StoredPipeline pipeline) => catalogue.Write((connection, _) => connection.Execute(
            $"INSERT INTO fabric_pipelines ({Columns}) VALUES ($tenant, $pipeline, $version, $document, $paused, $by, $ns)",
            ("$tenant", pipeline.Tenant.Value), ("$pipeline", pipeline.Name), ("$version", pipeline.Version), ("$document", JsonSerializer.Serialize(pipeline.Document)),
            ("$paused", pipeline.Paused), ("$by", pipeline.WrittenBy), ("$ns", pipeline.WrittenNs))
        + connection.Execute(
            "DELETE FROM fabric_pipelines WHERE tenant = $tenant AND pipeline = $pipeline AND version <= $version",
            ("$tenant", pipeline.Tenant.Value), ("$pipeline", pipeline.Name), ("$version", pipeline.Version - VersionsMax)));

    /// <summary>Says of a version whether it runs.</summary>
    public void Pause(StoredPipeline pipeline) => catalogue.Write((connection, _) => connection.Execute(
        "UPDATE fabric_pipelines SET paused = $paused WHERE tenant = $tenant AND pipeline = $pipeline AND version = $version",
        ("$paused", pipeline.Paused), ("$tenant", pipeline.Tenant.Value), ("$pipeline", pipeline.Name), ("$version", pipeline.Version)));

    /// <summary>Takes a pipeline and its versions away.</summary>
    public void Delete(TenantId tenant, string name) => catalogue.Write((connection, _) => connection.Execute(
        "DELETE FROM fabric_pipelines WHERE tenant = $tenant AND pipeline = $pipeline", ("$tenant", tenant.Value), ("$pipeline", name)));

    private static StoredPipeline Of(SqliteDataReader row) => new(
        new TenantId(row.GetString(0)), row.GetString(1), row.GetInt32(2), JsonSerializer.Deserialize<PipelineDocument>(row.GetString(3))!, row.TextOrNull(4), row.GetString(5), row.GetInt64(6));
}
