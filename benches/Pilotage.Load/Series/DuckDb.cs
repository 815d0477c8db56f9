using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Pilotage.Load.Series;

/// <summary>DuckDB in this process by its C API, with as many threads as there are processors: a wide table, filled by its appender.</summary>
internal sealed partial class DuckDb : ISeriesPeer
{
    private const string Package = "@duckdb/node-bindings-linux-x64";
    private const string Version = "1.5.6-r.1";
    private const string Name = "duckdb";
    private const int RowsAtOnce = 50_000;
    private static bool _isResolved;
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-bench-").FullName;
    private readonly nint _database;
    private readonly nint _connection;

    private DuckDb()
    {
        Check(Open(Path.Combine(_folder, "bench.db"), out _database), "open");
        Check(Connect(_database, out _connection), "connect");
    }

    /// <summary>Opens one; null, with the reason on standard error, where its library cannot be had.</summary>
    public static async Task<DuckDb?> StartAsync()
    {
        var folder = BenchTools.Folder("duckdb-peer");
        var library = Path.Combine(folder, "node_modules", Package, "libduckdb.so");
        if (!File.Exists(library))
        {
            await Console.Error.WriteLineAsync("bench: installing DuckDB's library with npm (70 MB, once)");
            if (await BenchTools.RunAsync(folder, "npm", "install", "--no-save", "--ignore-scripts", "--loglevel=error", $"{Package}@{Version}") is null || !File.Exists(library))
            {
                await Console.Error.WriteLineAsync("bench: DuckDB is missing; its column stays empty");
                return null;
            }
        }

        if (!_isResolved)
        {
            // Once for all runs: an assembly has one.
            NativeLibrary.SetDllImportResolver(typeof(DuckDb).Assembly, (name, _, _) => name == Name ? NativeLibrary.Load(library) : 0);
            _isResolved = true;
        }

        return new DuckDb();
    }

    public Task FillAsync(Signals signals, int seconds)
    {
        Run($"SET threads={Environment.ProcessorCount}");
        Run($"CREATE TABLE env(ts TIMESTAMP, device INTEGER, {string.Join(", ", Enumerable.Range(0, Signals.Properties).Select(property => $"m{property} DOUBLE"))})");
        Check(CreateAppender(_connection, null, "env", out var appender), "append");
        var rows = 0;
        foreach (var (device, timeMs, values) in signals.Rows(seconds))
        {
            _ = AppendTimestamp(appender, timeMs * 1000);
            _ = AppendInt32(appender, device);
            foreach (var value in values)
            {
                _ = AppendDouble(appender, value);
            }

            Check(EndRow(appender), "append a row");
            if (++rows % RowsAtOnce == 0)
            {
                Check(Flush(appender), "flush");
            }
        }

        Check(DestroyAppender(ref appender), "end appending");
        Run("CHECKPOINT");
        return Task.CompletedTask;
    }

    public Task<long> AskAsync(SeriesQuestion question) => Task.FromResult(Run(question switch
    {
        SeriesQuestion.TopTen => "SELECT device, max(m0) x FROM env GROUP BY 1 ORDER BY x DESC LIMIT 10",
        _ => throw new ArgumentOutOfRangeException(nameof(question), question, "not asked here"),
    }));

    public ValueTask DisposeAsync()
    {
        var (connection, database) = (_connection, _database);
        Disconnect(ref connection);
        Close(ref database);
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static void Check(int state, string what)
    {
        if (state != 0)
        {
            throw new InvalidOperationException($"DuckDB could not {what}.");
        }
    }

    private long Run(string sql)
    {
        var state = Query(_connection, sql, out var result);
        var rows = state == 0 ? (long)RowCount(ref result) : 0;
        var failure = state == 0 ? null : Marshal.PtrToStringUTF8(ResultError(ref result));
        DestroyResult(ref result);
        return failure is null ? rows : throw new InvalidOperationException($"DuckDB: {failure}");
    }

    [LibraryImport(Name, EntryPoint = "duckdb_open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, out nint database);

    [LibraryImport(Name, EntryPoint = "duckdb_close")]
    private static partial void Close(ref nint database);

    [LibraryImport(Name, EntryPoint = "duckdb_connect")]
    private static partial int Connect(nint database, out nint connection);

    [LibraryImport(Name, EntryPoint = "duckdb_disconnect")]
    private static partial void Disconnect(ref nint connection);

    [LibraryImport(Name, EntryPoint = "duckdb_query", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Query(nint connection, string sql, out Result result);

    [LibraryImport(Name, EntryPoint = "duckdb_row_count")]
    private static partial ulong RowCount(ref Result result);

    [LibraryImport(Name, EntryPoint = "duckdb_result_error")]
    private static partial nint ResultError(ref Result result);

    [LibraryImport(Name, EntryPoint = "duckdb_destroy_result")]
    private static partial void DestroyResult(ref Result result);

    [LibraryImport(Name, EntryPoint = "duckdb_appender_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateAppender(nint connection, string? schema, string table, out nint appender);

    [LibraryImport(Name, EntryPoint = "duckdb_appender_end_row")]
    private static partial int EndRow(nint appender);

    [LibraryImport(Name, EntryPoint = "duckdb_appender_flush")]
    private static partial int Flush(nint appender);

    [LibraryImport(Name, EntryPoint = "duckdb_appender_destroy")]
    private static partial int DestroyAppender(ref nint appender);

    [LibraryImport(Name, EntryPoint = "duckdb_append_int32")]
    private static partial int AppendInt32(nint appender, int value);

    [LibraryImport(Name, EntryPoint = "duckdb_append_double")]
    private static partial int AppendDouble(nint appender, double value);

    [LibraryImport(Name, EntryPoint = "duckdb_append_timestamp")]
    private static partial int AppendTimestamp(nint appender, long microseconds);

    /// <summary>duckdb_result of the C API: six words that only the library reads.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Result
    {
        public nint A;
        public nint B;
        public nint C;
        public nint D;
        public nint E;
        public nint F;
    }
}
