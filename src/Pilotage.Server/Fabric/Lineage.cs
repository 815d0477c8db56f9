using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Trust;

namespace Pilotage.Server.Fabric;

/// <summary>The lineage graph in the catalogue: each edge's bytes, the link that follows from the one before, and both ends indexed.</summary>
internal sealed class Lineage(ICatalogue catalogue) : ILineage
{
    // By itself SQLite would look at all edges of the tenant, in order of their key.
    public const string EntriesTo = "SELECT entry FROM fabric_lineage INDEXED BY fabric_lineage_up WHERE tenant = $tenant AND to_node = $node ORDER BY sequence";
    public const string EntriesFrom = "SELECT entry FROM fabric_lineage INDEXED BY fabric_lineage_down WHERE tenant = $tenant AND from_node = $node ORDER BY sequence";

    public void Append(TenantId tenant, IReadOnlyList<LineageEdge> edges) => catalogue.Write((connection, _) =>
    {
        foreach (var edge in edges)
        {
            Append(connection, tenant, edge);
        }

        return edges.Count;
    });

    public LineageWalk Up(TenantId tenant, NodeRef node, int edgesMax) =>
        Walk(tenant, node, edgesMax, EntriesTo, e => e.From);

    public LineageWalk Down(TenantId tenant, NodeRef node, int edgesMax) =>
        Walk(tenant, node, edgesMax, EntriesFrom, e => e.To);

    public Outcome<long> Verify(TenantId tenant)
    {
        var stored = catalogue.Read(c => c.Query(
            "SELECT entry, link FROM fabric_lineage WHERE tenant = $tenant ORDER BY sequence",
            row => (Entry: (ReadOnlyMemory<byte>)row.GetFieldValue<byte[]>(0), Link: LinkOf(row.GetString(1))),
            ("$tenant", tenant.Value)));
        return HashChain.Verify(ChainName(tenant), stored).Then(chain => (Outcome<long>)chain.Count);
    }

    private static void Append(SqliteConnection connection, TenantId tenant, LineageEdge edge)
    {
        var known = connection.Scalar(
            "SELECT 1 FROM fabric_lineage WHERE tenant = $tenant AND from_node = $from AND type = $type AND to_node = $to",
            ("$tenant", tenant.Value), ("$from", edge.From.ToString()), ("$type", edge.Type), ("$to", edge.To.ToString()));
        if (known != 0)
        {
            return;
        }

        var (count, head) = connection.QueryFirst(
            "SELECT sequence + 1, link FROM fabric_lineage WHERE tenant = $tenant ORDER BY sequence DESC LIMIT 1",
            row => (row.GetInt64(0), LinkOf(row.GetString(1))),
            ("$tenant", tenant.Value));
        var chain = HashChain.Resume(count, count == 0 ? HashChain.Genesis(ChainName(tenant)) : head);
        var entry = new Entry(edge.From.ToString(), edge.Type, edge.To.ToString(), edge.AtNs, edge.Attributes);
        var bytes = CanonicalJson.Of(JsonSerializer.SerializeToElement(entry, Json.Web));
        connection.Execute(
            """
            INSERT INTO fabric_lineage (tenant, sequence, from_node, type, to_node, entry, link)
            VALUES ($tenant, $sequence, $from, $type, $to, $entry, $link)
            """,
            ("$tenant", tenant.Value), ("$sequence", count), ("$from", entry.From), ("$type", entry.Type), ("$to", entry.To), ("$entry", bytes),
            ("$link", chain.Append(bytes).ToString()));
    }

    private LineageWalk Walk(TenantId tenant, NodeRef start, int edgesMax, string sql, Func<LineageEdge, NodeRef> next) => catalogue.Read(connection =>
    {
        var found = new List<LineageEdge>();
        var seen = new HashSet<NodeRef> { start };
        var waiting = new Queue<NodeRef>([start]);
        while (waiting.TryDequeue(out var node))
        {
            foreach (var edge in connection.Query(sql, r => ToEdge(r.GetFieldValue<byte[]>(0)), ("$tenant", tenant.Value), ("$node", node.ToString())))
            {
                if (found.Count == edgesMax)
                {
                    return new LineageWalk(found, Truncated: true);
                }

                found.Add(edge);
                if (seen.Add(next(edge)))
                {
                    waiting.Enqueue(next(edge));
                }
            }
        }

        return new LineageWalk(found, Truncated: false);
    });

    private static LineageEdge ToEdge(byte[] bytes)
    {
        var entry = JsonSerializer.Deserialize<Entry>(bytes, Json.Web)!;
        return NodeRef.TryParse(entry.From, out var from) && NodeRef.TryParse(entry.To, out var to)
            ? new LineageEdge(from, entry.Type, to, entry.AtNs, entry.Attributes)
            : throw new InvalidDataException($"A stored lineage edge names no nodes: {entry.From}, {entry.To}");
    }

    private static Digest LinkOf(string text) => Digest.TryParse(text, out var link) ? link : default;

    private static string ChainName(TenantId tenant) => $"lineage/{tenant}";

    private sealed record Entry(string From, string Type, string To, long AtNs, IReadOnlyDictionary<string, string>? Attributes);
}
