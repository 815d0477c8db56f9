using Microsoft.Data.Sqlite;
using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting;

/// <summary>SQLite with a write-ahead log and synchronous=FULL: one fsync per commit, nothing acknowledged before it.</summary>
/// <remarks>
/// A full disk heals: the transaction is undone, the next one may work. After any other failed write or sync nothing
/// more is written until the file is opened anew, which reads the write-ahead log back.
/// </remarks>
internal sealed class Catalogue : ICatalogue, IStorage, IDisposable
{
    public const string FileName = "catalogue.db";

    // https://www.sqlite.org/rescode.html: SQLITE_IOERR, SQLITE_FULL, SQLITE_IOERR_SHMSIZE (no space for the index of the log).
    public const int IoError = 10;
    private const int Full = 13;
    private const int IndexFull = 4874;
    private const int BusyTimeoutSeconds = 10;
    private const string CopyName = FileName + ".copy";
    private readonly string _dataFolder;
    private readonly string _connectionString;
    private readonly Lock _writing = new();
    private readonly SqliteConnection _writer;
    private readonly bool _syncs;
    private string? _failure;
    private bool _isFull;
    private int _probes;

    public Catalogue(string dataFolder, bool syncs = true)
    {
        _syncs = syncs;
        _dataFolder = dataFolder;
        var file = Path.Combine(dataFolder, FileName);
        MakePrivate(file);

        // A backup that a crash broke off left it.
        File.Delete(Path.Combine(dataFolder, CopyName));
        var builder = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            DefaultTimeout = BusyTimeoutSeconds,
            ForeignKeys = true,
        };
        _connectionString = builder.ToString();
        _writer = Open();
    }

    public string Name => "catalogue";

    public string? Failure => Volatile.Read(ref _failure);

    public bool IsFull => Volatile.Read(ref _isFull);

    /// <summary>Whether SQLite refused a write for want of space.</summary>
    public static bool IsFullError(SqliteException failure) => failure.SqliteErrorCode == Full || failure.SqliteExtendedErrorCode == IndexFull;

    public T Read<T>(Func<SqliteConnection, T> work)
    {
        using var connection = Open();
        return work(connection);
    }

    public T Write<T>(Func<SqliteConnection, SqliteTransaction, T> work)
    {
        lock (_writing)
        {
            if (_failure is not null)
            {
                throw new StorageException(StorageFault.Io, _failure);
            }

            try
            {
                using var transaction = _writer.BeginTransaction();
                var result = work(_writer, transaction);
                transaction.Commit();
                Volatile.Write(ref _isFull, false);
                return result;
            }
            catch (SqliteException failure) when (IsFullError(failure))
            {
                Volatile.Write(ref _isFull, true);
                throw;
            }
            catch (SqliteException failure) when (failure.SqliteErrorCode == IoError)
            {
                Volatile.Write(ref _failure, $"The catalogue failed: {failure.Message} ({failure.SqliteExtendedErrorCode}).");
                throw;
            }
        }
    }

    public ValueTask ProbeAsync(CancellationToken cancellation)
    {
        try
        {
            // A page written and synced like any other; nobody reads the number.
            Write((connection, _) => connection.Execute($"PRAGMA user_version = {_probes++ & int.MaxValue}"));
            return ValueTask.CompletedTask;
        }
        catch (SqliteException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <summary>A copy of it as it stands: whole and without a log. Writers wait for nobody meanwhile; it takes as much room as it has rows, until it is let go of.</summary>
    public IReadOnlyList<FrozenFile> Freeze()
    {
        var copy = Path.Combine(_dataFolder, CopyName);
        try
        {
            MakePrivate(copy);
            Read(connection => connection.Execute("VACUUM INTO $copy", ("$copy", copy)));
            return [FrozenFile.Of(new PosixDirectory(_dataFolder), CopyName, FileName)!];
        }
        finally
        {
            // It is open, so it is there as long as somebody reads it.
            File.Delete(copy);
        }
    }

    public void Dispose()
    {
        _writer.Dispose();

        // Pooled readers would keep the files open past the end of the server.
        using var pool = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(pool);
    }

    /// <summary>SQLite would make the file readable by everybody; its log and the index of that take the mode of the file.</summary>
    private static void MakePrivate(string file)
    {
        if (OperatingSystem.IsWindows() || Path.Exists(file))
        {
            return;
        }

        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        new FileStream(file, options).Dispose();
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA journal_mode=WAL; PRAGMA synchronous={(_syncs ? "FULL" : "OFF")};";
        command.ExecuteNonQuery();
        return connection;
    }
}
