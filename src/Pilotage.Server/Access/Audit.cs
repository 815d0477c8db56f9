using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Trust;

namespace Pilotage.Server.Access;

/// <summary>The audit in the catalogue: each record's bytes and the link that follows from the one before.</summary>
internal sealed class Audit(ICatalogue catalogue, TimeProvider time) : IAudit
{
    private const int DetailCharsMax = 500;

    public void Record(Principal who, string action, string target, string result, string? detail = null)
    {
        var cut = detail?.Length > DetailCharsMax ? detail[..DetailCharsMax] : detail;
        var entry = new Entry(time.NowNs(), who.Id, action, target, result, cut);
        catalogue.Write((connection, _) => Append(connection, who.Tenant, entry));
    }

    public IReadOnlyList<AuditRecord> Read(TenantId tenant, long? before, int limit) => catalogue.Read(c => c.Query(
        "SELECT sequence, entry, link FROM access_audit WHERE tenant = $tenant AND sequence < $before ORDER BY sequence DESC LIMIT $limit",
        row => ToRecord(tenant, row),
        ("$tenant", tenant.Value), ("$before", before ?? long.MaxValue), ("$limit", limit)));

    public Outcome<AuditHead> Verify(TenantId tenant)
    {
        var stored = catalogue.Read(c => c.Query(
            "SELECT entry, link FROM access_audit WHERE tenant = $tenant ORDER BY sequence",
            row => (Entry: (ReadOnlyMemory<byte>)row.GetFieldValue<byte[]>(0), Link: LinkOf(row.GetString(1))),
            ("$tenant", tenant.Value)));
        return HashChain.Verify(ChainName(tenant), stored)
            .Then(chain => (Outcome<AuditHead>)new AuditHead(chain.Count, chain.Head.ToString()));
    }

    private static int Append(SqliteConnection connection, TenantId tenant, Entry entry)
    {
        var (count, head) = connection.QueryFirst(
            "SELECT sequence + 1, link FROM access_audit WHERE tenant = $tenant ORDER BY sequence DESC LIMIT 1",
            row => (row.GetInt64(0), LinkOf(row.GetString(1))),
            ("$tenant", tenant.Value));
        var chain = HashChain.Resume(count, count == 0 ? HashChain.Genesis(ChainName(tenant)) : head);
        var bytes = CanonicalJson.Of(JsonSerializer.SerializeToElement(entry, Json.Web));
        return connection.Execute(
            "INSERT INTO access_audit (tenant, sequence, entry, link) VALUES ($tenant, $sequence, $entry, $link)",
            ("$tenant", tenant.Value), ("$sequence", count), ("$entry", bytes), ("$link", chain.Append(bytes).ToString()));
    }

    private static AuditRecord ToRecord(TenantId tenant, SqliteDataReader row)
    {
        var entry = JsonSerializer.Deserialize<Entry>(row.GetFieldValue<byte[]>(1), Json.Web)!;
        return new AuditRecord(
            row.GetInt64(0), tenant.Value, entry.AtNs, entry.Who, entry.Action, entry.Target, entry.Result, entry.Detail, row.GetString(2));
    }

    // A link that is not even a digest fits nothing, and so breaks the chain at its place.
    private static Digest LinkOf(string text) => Digest.TryParse(text, out var link) ? link : default;

    private static string ChainName(TenantId tenant) => $"audit/{tenant}";

    private sealed record Entry(long AtNs, string Who, string Action, string Target, string Result, string? Detail);
}
