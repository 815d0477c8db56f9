using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Data.Sqlite;
using Pilotage.Protocols.LineProtocol;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>The routes by which clients of InfluxDB 2 write, with the errors they expect.</summary>
/// <remarks>https://docs.influxdata.com/influxdb/v2/api/, "Write data". What can be stored of a body is stored; the answer says what was not.</remarks>
internal static class InfluxEndpoints
{
    // Clients look at the number to know what they may ask for.
    private const string Version = "v2.7.0";

    // How many values a contract keeps apart.
    private const string HeldHeader = "X-Pilotage-Held";

    /// <summary>An error as clients of InfluxDB read it.</summary>
    /// <param name="Line">Of the first line that was not stored whole.</param>
    /// <param name="Errors">Every line that was not, 100 at most.</param>
    internal sealed record ErrorView(string Code, string Message, int? Line = null, IReadOnlyList<Problems.Fault>? Errors = null);

    internal sealed record HealthView(string Name, string Message, string Status, IReadOnlyList<string> Checks, string Version);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var shape = new RefusalShape(refusal => Error(Problems.StatusOf(refusal.Code), refusal.Message));
        routes.MapPost("/api/v2/write", WriteAsync).RequirePermission(DoorRights.Permission, Scope.Tenant).WithMetadata(shape).WithTags("fabric");
        routes.MapMethods("/ping", ["GET", "HEAD"], Ping).OpenToAll("clients of InfluxDB look whether there is a server before they sign in").WithTags("fabric");
        routes.MapGet("/health", Health).OpenToAll("clients of InfluxDB look whether the server works before they sign in").WithTags("fabric");
    }

    private static async Task<IResult> WriteAsync(
        string? org,
        string? orgID,
        string? bucket,
        string? precision,
        HttpRequest request,
        Principal who,
        IFleet fleet,
        Ingestion ingestion,
        TimeSeriesStore store,
        LineBooks books,
        DoorLimits limits,
        DiskRoom room,
        ServerOptions options,
        TimeProvider time,
        CancellationToken cancellation)
    {
        // Any bucket is the one there is.
        _ = bucket;
        if ((org ?? orgID) is { Length: > 0 } owner && owner != who.Tenant.Value)
        {
            return Error(StatusCodes.Status404NotFound, $"organization name \"{Short(owner)}\" not found; yours is {who.Tenant}");
        }

        if (PrecisionOf(precision) is not { } counted)
        {
            return Error(StatusCodes.Status400BadRequest, $"precision is \"{Short(precision!)}\"; give ns, us, ms or s, or leave it out for ns");
        }

        if (!limits.Enter(who).TryGet(out var place, out var refusal))
        {
            return Later(request, StatusCodes.Status429TooManyRequests, refusal.Message);
        }

        using (place)
        {
            if (room.State == RoomState.Out)
            {
                return Later(request, StatusCodes.Status503ServiceUnavailable, $"nothing was stored: {room.Words()}");
            }

            var body = await DoorBody.ReadAsync(request, options, limits, cancellation);
            var receivedNs = time.NowNs();
            return body.TryGet(out var text, out refusal)
                ? await StoreAsync(Read(text.Span, counted, receivedNs, who, fleet, books, ingestion, store), receivedNs, request, ingestion)
                : Error(Problems.StatusOf(refusal.Code), refusal.Message);
        }
    }

    private static (LineTelemetry Lines, List<DecodedMessage> Messages) Read(
        ReadOnlySpan<byte> text, LinePrecision precision, long receivedNs, Principal who, IFleet fleet, LineBooks books, Ingestion ingestion, TimeSeriesStore store)
    {
        var book = books.Take(who);
        var lines = new LineTelemetry(book, who, fleet, precision, receivedNs, ingestion.Direct);
        var read = lines.Read(text);
        var messages = read.Select(ingestion.Fit).ToList();
        lines.Note(text, read, messages, store);
        books.Return(book);
        return (lines, messages);
    }

    private static async Task<IResult> StoreAsync((LineTelemetry Lines, List<DecodedMessage> Messages) read, long receivedNs, HttpRequest request, Ingestion ingestion)
    {
        var (lines, messages) = read;
        try
        {
            await ingestion.StoreAsync(lines.Direct, receivedNs);
            await ingestion.StoreAsync(messages);
        }
        catch (Exception failure) when (failure is IOException or SqliteException)
        {
            return Later(request, StatusCodes.Status503ServiceUnavailable, StorageFaults.IsFull(failure)
                ? "the disk of the server is full; a part of the body may be stored, so send all of it again when there is space"
                : "the storage of the server failed; a part of the body may be stored, so send all of it again");
        }

        if (messages.Sum(message => message.Held.Count) is > 0 and var held)
        {
            // Clients of InfluxDB read no body where all went well.
            request.HttpContext.Response.Headers[HeldHeader] = FormattableString.Invariant($"{held}");
        }

        var faults = lines.Faults;
        if (faults.Count == 0)
        {
            // Nothing but comments is nothing wrong.
            return TypedResults.NoContent();
        }

        var values = lines.Direct.Values + messages.Sum(message => message.Rows.Sum(row => row.Properties.Length));
        var stored = values == 0 ? "nothing was stored" : $"partial write: {values} values were stored, what is named here was not";
        return Error(StatusCodes.Status400BadRequest, $"{stored}: {faults.Words()}", lines.FirstFaultLine, faults.Kept);
    }

    private static NoContent Ping(HttpContext context)
    {
        context.Response.Headers["X-Influxdb-Version"] = Version;
        context.Response.Headers["X-Influxdb-Build"] = "pilotage";
        return TypedResults.NoContent();
    }

    private static JsonHttpResult<HealthView> Health(IEnumerable<IHealthCheck> checks)
    {
        var failed = checks.Where(check => check.WhyNot() is not null).Select(check => check.Name).ToList();
        var isSound = failed.Count == 0;
        return TypedResults.Json(
            new HealthView("pilotage", isSound ? "ready for writes" : $"failed: {string.Join(", ", failed)}", isSound ? "pass" : "fail", [], Version),
            statusCode: isSound ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static LinePrecision? PrecisionOf(string? precision) => precision switch
    {
        null or "" or "ns" => LinePrecision.Nanoseconds,
        "us" => LinePrecision.Microseconds,
        "ms" => LinePrecision.Milliseconds,
        "s" => LinePrecision.Seconds,
        _ => null,
    };

    private static JsonHttpResult<ErrorView> Later(HttpRequest request, int status, string message)
    {
        request.HttpContext.Response.Headers.RetryAfter = $"{DoorLimits.RetrySeconds}";
        return Error(status, message);
    }

    private static JsonHttpResult<ErrorView> Error(int status, string message, int? line = null, IReadOnlyList<RefusalDetail>? errors = null) => TypedResults.Json(
        new ErrorView(CodeOf(status), message, line, errors?.Select(error => new Problems.Fault(error.Where, error.Message)).ToList()), statusCode: status);

    /// <summary>The words InfluxDB has for what a status means.</summary>
    private static string CodeOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "invalid",
        StatusCodes.Status401Unauthorized => "unauthorized",
        StatusCodes.Status403Forbidden => "forbidden",
        StatusCodes.Status404NotFound => "not found",
        StatusCodes.Status413PayloadTooLarge => "request too large",
        StatusCodes.Status429TooManyRequests => "too many requests",
        StatusCodes.Status503ServiceUnavailable => "unavailable",
        StatusCodes.Status415UnsupportedMediaType => "unsupported media type",
        _ => "internal error",
    };

    private static string Short(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
