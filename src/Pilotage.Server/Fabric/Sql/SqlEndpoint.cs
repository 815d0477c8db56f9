using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Sql;

/// <summary>A question in SQL.</summary>
/// <param name="Sql">One SELECT in the dialect of pipelines.</param>
/// <param name="Path">Devices by their path, of those of the table; all when left out.</param>
/// <param name="From">The first time that the table has rows of; the question may say more.</param>
/// <param name="To">The first time that it has no rows of any more.</param>
internal sealed record SqlBody(string Sql, string? Path, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>Questions in SQL over HTTP.</summary>
internal static class SqlEndpoint
{
    private const string Csv = "text/csv";

    /// <summary>The answer.</summary>
    /// <param name="Columns">What stands in each row, in order.</param>
    /// <param name="Items">The rows, each a list of values: numbers, true and false, texts, times in RFC 3339, devices by id; null where there is none.</param>
    /// <param name="Rows">How many there are.</param>
    /// <param name="PointsRead">Points that were read for it.</param>
    /// <param name="Note">What is missing, because retention left windows alone of it; null where nothing is.</param>
    internal sealed record SqlView(IReadOnlyList<SqlColumn> Columns, IReadOnlyList<IReadOnlyList<JsonNode?>> Items, long Rows, long PointsRead, string? Note);

    /// <param name="Name">Its name.</param>
    /// <param name="Type">number, boolean, text, time or device.</param>
    /// <param name="Unit">UCUM; null where it is not known.</param>
    internal sealed record SqlColumn(string Name, string Type, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Unit);

    public static IResult Answer(
        SqlBody body, HttpRequest request, Principal who, IFleet fleet, TimeSeriesStore store, RollUps rollUps, SqlTables tables, SqlLimits limits, TimeProvider time, ILogger<SqlLimits> logger)
    {
        var question = SqlQuestion.Read(body, who.Tenant, tables, fleet, time.NowNs());
        var entered = question.Then(_ => limits.Enter());
        if (!entered.IsOk)
        {
            limits.Count("refused");
        }

        return entered.ToHttp(place => new SqlAnswer(new SqlRun(question.Value, store, rollUps, time), WantsCsv(request) ? new SqlCsv() : new SqlJson(), limits.TimeMax, place, time, logger));
    }

    public static string TypeOf(QueryKind kind) => kind switch
    {
        QueryKind.Truth => "boolean",
        QueryKind.Text => "text",
        QueryKind.Time => "time",
        QueryKind.Device => "device",
        _ => "number",
    };

    private static bool WantsCsv(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType.Equals(Csv, StringComparison.OrdinalIgnoreCase) && accepted.Quality is null or > 0);
}
