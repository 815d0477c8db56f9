using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Pilotage.Load.Series;

/// <summary>PostgreSQL of Debian with its defaults: a wide table, parted by quarters of an hour, with an index by device and time.</summary>
internal sealed class PostgreSql : ISeriesPeer
{
    private const string User = "postgres";
    private const string Programs = "/usr/lib/postgresql";
    private const long PartMs = 900_000;
    private const int RowsAtOnce = 50_000;
    private readonly Servers _servers;
    private readonly NpgsqlConnection _connection;
    private int _devices;

    private PostgreSql(Servers servers, NpgsqlConnection connection) => (_servers, _connection) = (servers, connection);

    /// <summary>Starts one; null, with the reason on standard error, where it is not installed.</summary>
    public static async Task<PostgreSql?> StartAsync()
    {
        var programs = Directory.Exists(Programs) ? Directory.GetDirectories(Programs).Order(StringComparer.Ordinal).LastOrDefault() : null;
        if (programs is null)
        {
            await Console.Error.WriteLineAsync("bench: PostgreSQL is missing (Debian: postgresql); its column stays empty");
            return null;
        }

        var servers = new Servers();
        var data = Path.Combine(servers.Folder, "data");

        // It does not run as root.
        string[] who = Environment.UserName == "root" ? ["runuser", "-u", User, "--"] : ["env"];
        if ((Environment.UserName == "root" && await BenchTools.RunAsync(servers.Folder, "chown", User, servers.Folder) is null)
            || await BenchTools.RunAsync("/", who[0], [.. who[1..], Path.Combine(programs, "bin", "initdb"), "-U", User, "-A", "trust", "-D", data]) is null)
        {
            await servers.DisposeAsync();
            return null;
        }

        await servers.StartAsync(who[0], [.. who[1..], Path.Combine(programs, "bin", "postgres"), "-D", data, "-k", servers.Folder, "-c", "listen_addresses="], null);
        return new PostgreSql(servers, await ConnectAsync(servers.Folder));
    }

    public async Task FillAsync(Signals signals, int seconds)
    {
        _devices = signals.Devices;
        var columns = Enumerable.Range(0, Signals.Properties).Select(property => $"m{property}").ToArray();
        await ExecuteAsync($"CREATE TABLE env(ts timestamptz NOT NULL, device int NOT NULL, {string.Join(", ", columns.Select(column => $"{column} float8"))}) PARTITION BY RANGE(ts)");
        for (var from = Signals.StartMs; from < Signals.StartMs + (seconds * 1000L) + PartMs; from += PartMs)
        {
            await ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"CREATE TABLE env_{from} PARTITION OF env FOR VALUES FROM (to_timestamp({from / 1000})) TO (to_timestamp({(from + PartMs) / 1000}))"));
        }

        await ExecuteAsync("CREATE INDEX ON env(device, ts)");
        foreach (var some in signals.Rows(seconds).Chunk(RowsAtOnce))
        {
            await using var copy = await _connection.BeginBinaryImportAsync($"COPY env(ts, device, {string.Join(", ", columns)}) FROM STDIN (FORMAT BINARY)");
            foreach (var (device, timeMs, values) in some)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(DateTime.UnixEpoch.AddMilliseconds(timeMs), NpgsqlDbType.TimestampTz);
                await copy.WriteAsync(device, NpgsqlDbType.Integer);
                foreach (var value in values)
                {
                    await copy.WriteAsync(value, NpgsqlDbType.Double);
                }
            }

            await copy.CompleteAsync();
        }

        await ExecuteAsync("ANALYZE env");
    }

    [SuppressMessage("Security", "CA2100", Justification = "Made of a number alone.")]
    public async Task<long> AskAsync(SeriesQuestion question)
    {
        await using var command = new NpgsqlCommand(
            question switch
            {
                SeriesQuestion.LastOfAll => $"SELECT d, l.* FROM generate_series(0, {_devices - 1}) d, LATERAL (SELECT * FROM env WHERE device = d ORDER BY ts DESC LIMIT 1) l",
                _ => throw new ArgumentOutOfRangeException(nameof(question), question, "not asked here"),
            },
            _connection);
        await using var reader = await command.ExecuteReaderAsync();
        var (row, rows) = (new object[reader.FieldCount], 0L);
        while (await reader.ReadAsync())
        {
            reader.GetValues(row);
            rows++;
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _servers.DisposeAsync();
    }

    private static async Task<NpgsqlConnection> ConnectAsync(string folder)
    {
        for (var tries = 0; ; tries++)
        {
            var connection = new NpgsqlConnection($"Host={folder};Username={User};Database=postgres;Pooling=false;Timeout=5;Command Timeout=600");
            try
            {
                await connection.OpenAsync();
                return connection;
            }
            catch (NpgsqlException) when (tries < 300)
            {
                await connection.DisposeAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    [SuppressMessage("Security", "CA2100", Justification = "Made of numbers and names of this class alone.")]
    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }
}
