using Microsoft.Data.Sqlite;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fleet;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Hosting;

public sealed class CatalogueTests : IDisposable
{
    private static readonly Migrations.Migration First = new("Fleet/Migrations/0001_a.sql", "CREATE TABLE fleet_a (x INTEGER); CREATE TABLE fleet_b (y TEXT);");
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-catalogue-").FullName;
    private readonly Catalogue _catalogue;

    public CatalogueTests() => _catalogue = new Catalogue(_folder);

    public void Dispose()
    {
        _catalogue.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Commits_are_synchronous_and_the_journal_is_ahead()
    {
        Assert.Equal(2, _catalogue.Write((c, _) => c.Scalar("PRAGMA synchronous")));
        Assert.Equal("wal", _catalogue.Read(c => c.QueryFirst("PRAGMA journal_mode", r => r.GetString(0))));
    }

    [Theory]
    [InlineData(DeviceStore.FindCode, "(secret_hash=?)")]
    [InlineData(DeviceStore.WithdrawCodes, "(tenant=? AND device=?)")]
    [InlineData(Lineage.EntriesTo, "(tenant=? AND to_node=?)")]
    [InlineData(Lineage.EntriesFrom, "(tenant=? AND from_node=?)")]
    public async Task Statements_on_tables_that_grow_find_their_rows_by_an_index(string sql, string found)
    {
        await using var server = new TestServerFolder();
        var parameters = new[] { "$hash", "$now", "$tenant", "$device", "$node" }.Where(name => sql.Contains(name, StringComparison.Ordinal)).Select(name => (name, (object?)""));
        var steps = server.Get<ICatalogue>().Read(connection => connection.Query("EXPLAIN QUERY PLAN " + sql, row => row.GetString(3), [.. parameters]));
        var search = Assert.Single(steps, step => step.StartsWith("SEARCH ", StringComparison.Ordinal));
        Assert.EndsWith(found, search, StringComparison.Ordinal);
        Assert.DoesNotContain(steps, step => step.StartsWith("SCAN ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_write_that_throws_leaves_nothing()
    {
        Migrations.Apply(_catalogue, [First], 1);
        Assert.Throws<InvalidOperationException>(() => _catalogue.Write<int>((c, _) =>
        {
            c.Execute("INSERT INTO fleet_a VALUES (1)");
            throw new InvalidOperationException("in the middle");
        }));
        Assert.Equal(0, _catalogue.Read(c => c.Scalar("SELECT count(*) FROM fleet_a")));
    }

    [Fact]
    public void A_full_disk_refuses_a_write_and_heals()
    {
        _catalogue.Write((c, _) => c.Execute("CREATE TABLE fleet_a (x BLOB)"));
        EndDiskAt(10);
        Assert.Throws<SqliteException>(() => Insert());
        Assert.True(_catalogue.IsFull);
        Assert.Null(_catalogue.Failure);
        Assert.Equal(0, _catalogue.Read(c => c.Scalar("SELECT count(*) FROM fleet_a")));
        EndDiskAt(100_000);
        Insert();
        Assert.False(_catalogue.IsFull);
        Assert.Equal(1, _catalogue.Read(c => c.Scalar("SELECT count(*) FROM fleet_a")));

        void EndDiskAt(int pages) => _catalogue.Write((c, _) => c.Scalar($"PRAGMA max_page_count = {pages}"));
        void Insert() => _catalogue.Write((c, _) => c.Execute("INSERT INTO fleet_a VALUES (zeroblob(1000000))"));
    }

    [Fact]
    public void Migrations_apply_once_in_order()
    {
        var second = new Migrations.Migration("Fleet/Migrations/0002_b.sql", "ALTER TABLE fleet_a ADD COLUMN z TEXT;");
        Assert.Equal(1, Migrations.Apply(_catalogue, [First], 1).Value);
        Assert.Equal(1, Migrations.Apply(_catalogue, [First, second], 2).Value);
        Assert.Equal(0, Migrations.Apply(_catalogue, [First, second], 3).Value);
    }

    [Fact]
    public void A_catalogue_of_a_newer_version_is_refused()
    {
        Migrations.Apply(_catalogue, [First], 1);
        Assert.Equal("server.data_newer", Migrations.Apply(_catalogue, [], 2).Refusal.Code);
    }

    [Fact]
    public void An_altered_migration_is_refused()
    {
        Migrations.Apply(_catalogue, [First], 1);
        Assert.Equal("server.migration_altered", Migrations.Apply(_catalogue, [First with { Sql = "SELECT 1" }], 2).Refusal.Code);
    }

    [Fact]
    public void Every_module_migration_is_embedded_and_applies()
    {
        var embedded = Migrations.Embedded();
        Assert.Contains(embedded, m => m.Name == "Access/Migrations/0001_audit_and_people.sql");
        Assert.Equal(embedded.Count, Migrations.Apply(_catalogue, 1).Value);
    }
}
