using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>Assets and relations in the catalogue.</summary>
internal sealed class AssetStore(ICatalogue catalogue)
{
    public AssetGraph Read(TenantId tenant) => catalogue.Read(c => new AssetGraph(
        c.Query("SELECT asset, level, title FROM fabric_assets WHERE tenant = $tenant", AssetOf, ("$tenant", tenant.Value)),
        [.. c.Query("SELECT from_node, property, relation, to_node FROM fabric_relations WHERE tenant = $tenant", RelationOf, ("$tenant", tenant.Value)).OfType<Relation>()]));

    /// <summary>Makes the catalogue what a graph is, by what has changed; on disk when this returns.</summary>
    public void Write(TenantId tenant, AssetGraph before, AssetGraph after) => catalogue.Write((connection, _) =>
    {
        foreach (var gone in before.Assets.Keys.Where(name => !after.Assets.ContainsKey(name)))
        {
            connection.Execute("DELETE FROM fabric_assets WHERE tenant = $tenant AND asset = $asset", ("$tenant", tenant.Value), ("$asset", gone));
        }

        foreach (var asset in after.Assets.Values.Where(asset => before.Assets.GetValueOrDefault(asset.Name) != asset))
        {
            connection.Execute(
                "INSERT OR REPLACE INTO fabric_assets (tenant, asset, level, title) VALUES ($tenant, $asset, $level, $title)",
                ("$tenant", tenant.Value), ("$asset", asset.Name), ("$level", asset.Level.Word()), ("$title", asset.Title));
        }

        var (had, has) = (before.Relations.ToHashSet(), after.Relations.ToHashSet());
        foreach (var gone in had.Except(has))
        {
            connection.Execute("DELETE FROM fabric_relations WHERE tenant = $tenant AND from_node = $from AND property = $property AND relation = $relation AND to_node = $to", Of(tenant, gone));
        }

        foreach (var added in has.Except(had))
        {
            connection.Execute("INSERT INTO fabric_relations (tenant, from_node, property, relation, to_node) VALUES ($tenant, $from, $property, $relation, $to)", Of(tenant, added));
        }

        return has.Count;
    });

    private static (string, object?)[] Of(TenantId tenant, Relation relation) =>
    [
        ("$tenant", tenant.Value), ("$from", relation.From.ToString()), ("$property", relation.Property ?? ""), ("$relation", relation.Word), ("$to", relation.To.ToString()),
    ];

    private static Asset AssetOf(SqliteDataReader row) => new(row.GetString(0), AssetLevels.TryParse(row.GetString(1), out var level) ? level : AssetLevel.Component, row.GetString(2));

    private static Relation? RelationOf(SqliteDataReader row) => AssetNode.TryParse(row.GetString(0), out var from) && AssetNode.TryParse(row.GetString(3), out var to)
        && Relation.Words.ToList().IndexOf(row.GetString(2)) is >= 0 and var kind
            ? new Relation(from, row.GetString(1) is { Length: > 0 } property ? property : null, (RelationKind)kind, to)
            : null;
}
