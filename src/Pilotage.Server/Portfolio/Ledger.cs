using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;
using Pilotage.Trust;

namespace Pilotage.Server.Portfolio;

/// <summary>What happened to a use case, in order, for good: each line's link follows from all lines before it.</summary>
internal sealed class Ledger(ICatalogue catalogue)
{
    public LedgerLine Append(TenantId tenant, string useCase, string kind, JsonObject facts, long nowNs) => catalogue.Write((connection, _) =>
    {
        var last = connection.QueryFirst(
            "SELECT sequence, link FROM portfolio_ledger WHERE tenant = $tenant AND use_case = $id ORDER BY sequence DESC LIMIT 1",
            row => (Count: row.GetInt64(0) + 1, Link: row.GetString(1)),
            ("$tenant", tenant.Value), ("$id", useCase));
        var chain = last.Link is not null && Digest.TryParse(last.Link, out var head) ? HashChain.Resume(last.Count, head) : new HashChain(Name(tenant, useCase));
        var entry = Canonical(kind, nowNs, facts);
        var sequence = chain.Count;
        var link = chain.Append(Encoding.UTF8.GetBytes(entry));
        connection.Execute(
            "INSERT INTO portfolio_ledger (tenant, use_case, sequence, kind, at_ns, entry, link) VALUES ($tenant, $id, $sequence, $kind, $at, $entry, $link)",
            ("$tenant", tenant.Value), ("$id", useCase), ("$sequence", sequence), ("$kind", kind), ("$at", nowNs), ("$entry", entry), ("$link", link.ToString()));
        return new LedgerLine(sequence, kind, nowNs, entry, link.ToString());
    });

    public IReadOnlyList<LedgerLine> Lines(TenantId tenant, string useCase) => catalogue.Read(connection => connection.Query(
        "SELECT sequence, kind, at_ns, entry, link FROM portfolio_ledger WHERE tenant = $tenant AND use_case = $id ORDER BY sequence",
        ToLine,
        ("$tenant", tenant.Value), ("$id", useCase)));

    /// <summary>The number of lines, or a refusal that names the first one that was edited, removed or moved.</summary>
    public Outcome<long> Verify(TenantId tenant, string useCase)
    {
        var lines = Lines(tenant, useCase);
        var odd = lines.FirstOrDefault(line => !line.FitsItsEntry());
        if (odd is not null)
        {
            return new Refusal("trust.chain_broken", $"Line {odd.Sequence} of the ledger of {useCase} does not say what its entry says.");
        }

        var stored = lines.Select(line => ((ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(line.Entry), Digest.TryParse(line.Link, out var link) ? link : default));
        return HashChain.Verify(Name(tenant, useCase), stored).Then(chain => (Outcome<long>)chain.Count);
    }

    private static string Name(TenantId tenant, string useCase) => $"ledger {tenant}/{useCase}";

    private static string Canonical(string kind, long nowNs, JsonObject facts)
    {
        // The time is text: canonical JSON numbers are doubles, which nanoseconds do not fit.
        var whole = new JsonObject { ["kind"] = kind, ["at"] = Clock.Rfc3339(nowNs), ["facts"] = facts.DeepClone() };
        return Encoding.UTF8.GetString(CanonicalJson.OfText(Encoding.UTF8.GetBytes(whole.ToJsonString())).Value);
    }

    private static LedgerLine ToLine(SqliteDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetString(3), row.GetString(4));
}

/// <summary>One line; the entry is canonical JSON and what the link covers.</summary>
public sealed record LedgerLine(long Sequence, string Kind, long AtNs, string Entry, string Link)
{
    /// <summary>The columns beside the entry repeat it for queries; they must not say anything else.</summary>
    internal bool FitsItsEntry()
    {
        using var entry = JsonDocument.Parse(Entry);
        return entry.RootElement.GetProperty("kind").GetString() == Kind && entry.RootElement.GetProperty("at").GetString() == Clock.Rfc3339(AtNs);
    }
}
