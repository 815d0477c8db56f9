using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Tests.Server.Portfolio;

/// <summary>A catalogue of its own with the portfolio's tables.</summary>
internal sealed class PortfolioBench : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-portfolio-").FullName;

    public PortfolioBench()
    {
        Catalogue = new Catalogue(_folder);
        Assert(Migrations.Apply(Catalogue, 0).IsOk);
    }

    public Catalogue Catalogue { get; }

    /// <summary>What somebody with the file and an editor could do.</summary>
    public void Tamper(string sql) => Catalogue.Write((connection, _) =>
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is a constant of the test.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteNonQuery();
    });

    public void Dispose()
    {
        Catalogue.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private static void Assert(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("The migrations did not apply.");
        }
    }
}
