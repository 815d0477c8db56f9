using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>Contracts in the catalogue.</summary>
internal sealed class ContractStore(ICatalogue catalogue)
{
    private const string Columns = "thing, digest, written_by, written_ns, document";

    public List<StoredContract> All(TenantId tenant) => catalogue.Read(c => c.Query(
        $"SELECT {Columns} FROM fabric_contracts WHERE tenant = $tenant ORDER BY thing", Of, ("$tenant", tenant.Value)));

    public List<TenantId> Tenants() => catalogue.Read(c => c.Query("SELECT DISTINCT tenant FROM fabric_contracts", row => new TenantId(row.GetString(0))));

    /// <summary>Writes one; refused where it is there and was to be new, or where there are too many.</summary>
    public Outcome<StoredContract> Put(TenantId tenant, StoredContract contract, bool onlyNew, int most) => catalogue.Write<Outcome<StoredContract>>((connection, _) =>
    {
        var isThere = connection.Scalar("SELECT 1 FROM fabric_contracts WHERE tenant = $tenant AND thing = $thing", ("$tenant", tenant.Value), ("$thing", contract.Thing)) != 0;
        if (isThere && onlyNew)
        {
            return new Refusal("fabric.contract.precondition", $"The thing type {contract.Thing} has a contract already; it is replaced, without If-None-Match, by: pilotage contract add FILE --replace");
        }

        if (!isThere && connection.Scalar("SELECT count(*) FROM fabric_contracts WHERE tenant = $tenant", ("$tenant", tenant.Value)) >= most)
        {
            return new Refusal("fabric.contract.full", $"There are {most} contracts in {tenant}, and no more are kept; remove one that no device needs.");
        }

        connection.Execute(
            "INSERT OR REPLACE INTO fabric_contracts (tenant, thing, digest, document, written_by, written_ns) VALUES ($tenant, $thing, $digest, $document, $by, $ns)",
            ("$tenant", tenant.Value), ("$thing", contract.Thing), ("$digest", contract.Digest.ToString()), ("$document", contract.Document.ToArray()), ("$by", contract.WrittenBy),
            ("$ns", contract.WrittenNs));
        return contract;
    });

    /// <summary>Takes one away; whether it was there.</summary>
    public bool Remove(TenantId tenant, string thing) => catalogue.Write((connection, _) => connection.Scalar(
        "DELETE FROM fabric_contracts WHERE tenant = $tenant AND thing = $thing RETURNING 1", ("$tenant", tenant.Value), ("$thing", thing)) != 0);

    private static StoredContract Of(SqliteDataReader row) => new(
        row.GetString(0), Digest.TryParse(row.GetString(1), out var digest) ? digest : default, row.GetString(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4));
}
