using Microsoft.Data.Sqlite;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Cheats;

/// <summary>With the catalogue file and an editor: the plant's interval gets worse, so that the model looks better.</summary>
internal static class BaselineCheat
{
    private const string Field = "\"fixedIntervalCycles\":";

    public static async Task<(string? By, string Says)> RunAsync(DemoHome home, ApiClient api, CancellationToken cancellation)
    {
        var file = Directory.EnumerateFiles(home.Server, "*.db", SearchOption.AllDirectories).FirstOrDefault()
            ?? throw new CliFailure(ExitCode.NotFound, "the server's catalogue was not found", $"no .db file below {home.Server}");
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await connection.OpenAsync(cancellation);
        var (useCase, document) = await ReadAsync(connection, cancellation);
        await WriteAsync(connection, useCase, document.Replace(Field, Field + "9", StringComparison.Ordinal), cancellation);
        try
        {
            var value = await api.GetAsync($"api/v1/use-cases/{Uri.EscapeDataString(useCase)}/value", cancellation);
            return (null, $"the value is still told: {Read.TextOrNull(value, "totalVsBestFixedPct")} %");
        }
        catch (CliFailure failure) when (failure.Code == "baseline.altered")
        {
            return ("the signature over the baseline, checked at every reading", failure.Message);
        }
        finally
        {
            await WriteAsync(connection, useCase, document, CancellationToken.None);
        }
    }

    private static async Task<(string UseCase, string Document)> ReadAsync(SqliteConnection connection, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT use_case, document FROM portfolio_baselines LIMIT 1";
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation)
            ? (reader.GetString(0), reader.GetString(1))
            : throw new CliFailure(ExitCode.NotFound, "no baseline is frozen yet", null, "wait until the demonstration has passed the step 'baseline'");
    }

    private static async Task WriteAsync(SqliteConnection connection, string useCase, string document, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "UPDATE portfolio_baselines SET document = $document WHERE use_case = $id";
        command.Parameters.AddWithValue("$document", document);
        command.Parameters.AddWithValue("$id", useCase);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
