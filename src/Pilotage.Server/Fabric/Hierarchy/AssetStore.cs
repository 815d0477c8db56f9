using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>Assets and relations in the catalogue.</summary>
internal sealed class AssetStore(ICatalogue catalogue)
{
    private const string Same = "tenant = $tenant AND from_node = $from AND property = $property AND relation = $relation AND to_node = $to";

    public AssetGraph Read(TenantId tenant) => catalogue.Read(c => new AssetGraph(
        c.Query("SELECT asset, level, title FROM fabric_assets WHERE tenant = $tenant", AssetOf, ("$tenant", tenant.Value)),
        [.. c.Query("SELECT from_node, property, relation, to_node FROM fabric_relations WHERE tenant = $tenant", RelationOf, ("$tenant", tenant.Value)).OfType<Relation>()]));

    /// <summary>Relations that are there because of links of a description.</summary>
    public IReadOnlyList<Relation> Described(TenantId tenant, string thing) => catalogue.Read(c => (List<Relation>)[.. c.Query(
        "SELECT from_node, property, relation, to_node FROM fabric_described_relations WHERE tenant = $tenant AND thing = $thing", RelationOf, ("$tenant", tenant.Value), ("$thing", thing)).OfType<Relation>()]);

    /// <summary>Whether a description other than that of a thing type has a link that means a relation.</summary>
    public bool IsDescribedElsewhere(TenantId tenant, string thing, Relation relation) => catalogue.Read(c => c.Scalar(
        $"SELECT count(*) FROM fabric_described_relations WHERE {Same} AND thing <> $thing", [.. Of(tenant, relation), ("$thing", thing)])) > 0;

    /// <summary>Makes the catalogue what a graph is, by what has changed; on disk when this returns.</summary>
    /// <param name="tenant">Whose graph.</param>
    /// <param name="before">As the catalogue has it.</param>
    /// <param name="after">As it is to be.</param>
    /// <param name="said">Relations that were just said, those that were there included.</param>
    /// <param name="thing">The thing type whose description says them; null where somebody does, whose they are from then on.</param>
    public void Write(TenantId tenant, AssetGraph before, AssetGraph after, IReadOnlyCollection<Relation> said, string? thing) => catalogue.Write((connection, _) =>
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
            connection.Execute($"DELETE FROM fabric_relations WHERE {Same}", Of(tenant, gone));
            connection.Execute($"DELETE FROM fabric_described_relations WHERE {Same}", Of(tenant, gone));
        }

        foreach (var added in has.Except(had))
        {
            connection.Execute("INSERT INTO fabric_relations (tenant, from_node, property, relation, to_node) VALUES ($tenant, $from, $property, $relation, $to)", Of(tenant, added));
        }

        foreach (var relation in said.Where(has.Contains))
        {
            if (thing is null)
            {
                connection.Execute($"DELETE FROM fabric_described_relations WHERE {Same}", Of(tenant, relation));
            }
            else if (!had.Contains(relation) || connection.Scalar($"SELECT count(*) FROM fabric_described_relations WHERE {Same}", Of(tenant, relation)) > 0)
            {
                connection.Execute(
                    "INSERT OR IGNORE INTO fabric_described_relations (tenant, thing, from_node, property, relation, to_node) VALUES ($tenant, $thing, $from, $property, $relation, $to)",
                    [.. Of(tenant, relation), ("$thing", thing)]);
            }
        }

        return has.Count;
    });

    /// <summary>A description has the links of these no more; others may.</summary>
    public void Undescribe(TenantId tenant, string thing, IReadOnlyCollection<Relation> relations) => catalogue.Write((connection, _) =>
        relations.Sum(relation => connection.Execute($"DELETE FROM fabric_described_relations WHERE {Same} AND thing = $thing", [.. Of(tenant, relation), ("$thing", thing)])));

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
