using System.Reflection;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Pilotage.Server.Hosting;

/// <summary>Brings the catalogue to the shape this version needs: numbered SQL files embedded beside each module.</summary>
/// <remarks>
/// A file that was applied once never changes (its checksum is kept); a migration this version does not know means that a
/// newer version wrote the folder, and the server refuses to touch it.
/// </remarks>
internal static class Migrations
{
    /// <summary>One embedded file, named <c>Fleet/Migrations/0001_devices.sql</c>.</summary>
    internal sealed record Migration(string Name, string Sql)
    {
        public string Checksum => Digest.Of(Encoding.UTF8.GetBytes(Sql)).ToString();
    }

    public static Outcome<int> Apply(ICatalogue catalogue, long nowNs) => Apply(catalogue, Embedded(), nowNs);

    internal static Outcome<int> Apply(ICatalogue catalogue, IReadOnlyList<Migration> known, long nowNs)
    {
        catalogue.Write((c, _) => c.Execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_ns INTEGER NOT NULL)"));
        var applied = catalogue.Read(c => c.Query(
            "SELECT name, checksum FROM schema_migrations", r => (Name: r.GetString(0), Checksum: r.GetString(1))));

        foreach (var (name, checksum) in applied)
        {
            var mine = known.FirstOrDefault(m => m.Name == name);
            if (mine is null)
            {
                return new Refusal(
                    "server.data_newer",
                    $"The catalogue was migrated by a newer version ({name}); start that version, or restore a backup of this one.");
            }

            if (mine.Checksum != checksum)
            {
                return new Refusal(
                    "server.migration_altered",
                    $"The migration {name} differs from the one that was applied to this catalogue; an applied migration never changes.");
            }
        }

        var done = applied.Select(a => a.Name).ToHashSet(StringComparer.Ordinal);
        var pending = known.Where(m => !done.Contains(m.Name)).ToList();
        foreach (var migration in pending)
        {
            catalogue.Write((connection, _) => Apply(connection, migration, nowNs));
        }

        return pending.Count;
    }

    internal static List<Migration> Embedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(n => n.Contains("/Migrations/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(n => new Migration(n, Text(assembly, n))),
        ];
    }

    private static int Apply(SqliteConnection connection, Migration migration, long nowNs)
    {
        connection.Execute(migration.Sql);
        return connection.Execute(
            "INSERT INTO schema_migrations (name, checksum, applied_ns) VALUES ($name, $checksum, $now)",
            ("$name", migration.Name), ("$checksum", migration.Checksum), ("$now", nowNs));
    }

    private static string Text(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
