using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>A description as it is kept: what came, its digest, who sent it and when.</summary>
internal sealed record StoredThing(string Thing, string Title, string Media, Digest Digest, string WrittenBy, long WrittenNs, ReadOnlyMemory<byte> Document);

/// <summary>Descriptions in the catalogue.</summary>
internal sealed class ThingStore(ICatalogue catalogue)
{
    private const string Columns = "thing, title, media, digest, written_by, written_ns";

    /// <summary>All of a tenant, with their documents.</summary>
    public List<StoredThing> All(TenantId tenant) => catalogue.Read(c => c.Query(
        $"SELECT {Columns}, document FROM fabric_things WHERE tenant = $tenant", row => Of(row, row.GetFieldValue<byte[]>(6)), ("$tenant", tenant.Value)));

    public StoredThing? Find(TenantId tenant, string thing) => catalogue.Read(c => c.QueryFirst(
        $"SELECT {Columns}, document FROM fabric_things WHERE tenant = $tenant AND thing = $thing",
        row => Of(row, row.GetFieldValue<byte[]>(6)),
        ("$tenant", tenant.Value), ("$thing", thing)));

    /// <summary>A page in order of their names, without their documents.</summary>
    public List<StoredThing> Page(TenantId tenant, string after, int limit) => catalogue.Read(c => c.Query(
        $"SELECT {Columns} FROM fabric_things WHERE tenant = $tenant AND thing > $after ORDER BY thing LIMIT $limit",
        row => Of(row, null),
        ("$tenant", tenant.Value), ("$after", after), ("$limit", limit)));

    /// <summary>Writes one; refused where it is there and was to be new, or where there are too many.</summary>
    public Outcome<StoredThing> Put(TenantId tenant, StoredThing thing, bool onlyNew, int thingsMax) => catalogue.Write<Outcome<StoredThing>>((connection, _) =>
    {
        var isThere = connection.Scalar("SELECT 1 FROM fabric_things WHERE tenant = $tenant AND thing = $thing", ("$tenant", tenant.Value), ("$thing", thing.Thing)) != 0;
        if (isThere && onlyNew)
        {
            return new Refusal(
                "fabric.thing.precondition",
                $"The thing type {thing.Thing} has a description already; it is replaced, without If-None-Match, by: pilotage thing import FILE --name {thing.Thing} --replace");
        }

        if (!isThere && connection.Scalar("SELECT count(*) FROM fabric_things WHERE tenant = $tenant", ("$tenant", tenant.Value)) >= thingsMax)
        {
            return new Refusal("fabric.thing.full", $"There are {thingsMax} descriptions in {tenant}, and no more are kept; describe devices of one kind by one thing type.");
        }

        connection.Execute(
            """
            INSERT OR REPLACE INTO fabric_things (tenant, thing, title, media, digest, document, written_by, written_ns)
            VALUES ($tenant, $thing, $title, $media, $digest, $document, $by, $ns)
            """,
            ("$tenant", tenant.Value), ("$thing", thing.Thing), ("$title", thing.Title), ("$media", thing.Media), ("$digest", thing.Digest.ToString()),
            ("$document", thing.Document.ToArray()), ("$by", thing.WrittenBy), ("$ns", thing.WrittenNs));
        return thing;
    });

    private static StoredThing Of(SqliteDataReader row, byte[]? document) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), Digest.TryParse(row.GetString(3), out var digest) ? digest : default, row.GetString(4), row.GetInt64(5), document);
}
