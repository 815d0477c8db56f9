using Microsoft.Data.Sqlite;

namespace Pilotage.Server.Hosting;

/// <summary>SQLite with a write-ahead log and synchronous=FULL: one fsync per commit, nothing acknowledged before it.</summary>
internal sealed class Catalogue : ICatalogue, IDisposable
{
    public const string FileName = "catalogue.db";
    private const int BusyTimeoutSeconds = 10;
    private readonly string _connectionString;
    private readonly Lock _writing = new();
    private readonly SqliteConnection _writer;

    public Catalogue(string dataFolder)
    {
        var builder = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(dataFolder, FileName),
            DefaultTimeout = BusyTimeoutSeconds,
            ForeignKeys = true,
        };
        _connectionString = builder.ToString();
        _writer = Open();
    }

    public T Read<T>(Func<SqliteConnection, T> work)
    {
        using var connection = Open();
        return work(connection);
    }

    public T Write<T>(Func<SqliteConnection, SqliteTransaction, T> work)
    {
        lock (_writing)
        {
            using var transaction = _writer.BeginTransaction();
            var result = work(_writer, transaction);
            transaction.Commit();
            return result;
        }
    }

    public void Dispose()
    {
        _writer.Dispose();

        // Pooled readers would keep the files open past the end of the server.
        using var pool = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(pool);
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;";
        command.ExecuteNonQuery();
        return connection;
    }
}
