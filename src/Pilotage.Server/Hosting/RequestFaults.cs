using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace Pilotage.Server.Hosting;

/// <summary>
/// Requests that no handler of ours ever saw, because the framework could not read or route them, and those that one failed on: each a problem with words.
/// </summary>
internal sealed class RequestFaults(IOptions<JsonOptions> json, ServerOptions options, FaultLog log) : IExceptionHandler
{
    private const string Look = "/openapi/v1.json says what this route takes.";

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException bad)
        {
            log.Failed(httpContext, exception);
            await Failed.ToHttp(StatusCodes.Status500InternalServerError).ExecuteAsync(httpContext);
            return true;
        }

        // The pipeline forgot the route by now; the feature still knows it.
        var endpoint = httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        var isUnreadable = bad.StatusCode == StatusCodes.Status400BadRequest;
        var refusal = isUnreadable ? Unreadable(bad, endpoint) : OfStatus(httpContext, bad.StatusCode);
        await refusal.ToHttp(bad.StatusCode).ExecuteAsync(httpContext);
        return true;
    }

    /// <summary>Gives a bare status the problem that belongs to it.</summary>
    public Task ExplainAsync(HttpContext context) =>
        OfStatus(context, context.Response.StatusCode).ToHttp(context.Response.StatusCode).ExecuteAsync(context);

    /// <summary>A fault of ours: what is known stands in the log.</summary>
    private static Refusal Failed { get; } = new(
        "server.failed",
        "The server failed on this request, which is a fault of its own; its log has the cause under the traceId given here.");

    private Refusal OfStatus(HttpContext context, int status)
    {
        var request = context.Request;
        return status switch
        {
            StatusCodes.Status404NotFound => new Refusal(
                "request.not_found",
                $"There is nothing at {request.Method} {request.Path.Value}; /openapi/v1.json lists what there is, under /api/v1."),
            StatusCodes.Status405MethodNotAllowed => new Refusal(
                "request.method", $"{request.Path.Value} takes {context.Response.Headers.Allow}, not {request.Method}."),
            StatusCodes.Status413PayloadTooLarge => new Refusal(
                "request.too_large",
                $"The body is larger than {options.RequestBytesMax} bytes, the most this server takes; send less at a time."),
            StatusCodes.Status415UnsupportedMediaType => new Refusal(
                "request.media_type", $"The body is {Media(request)}; send JSON with Content-Type: application/json."),
            StatusCodes.Status400BadRequest => new Refusal(BodyFault.Code, $"The request could not be read; {Look}"),
            _ => new Refusal($"http.{status}", $"{request.Method} {request.Path.Value} was answered {status}; {Look}"),
        };
    }

    private Refusal Unreadable(BadHttpRequestException bad, Endpoint? endpoint)
    {
        var body = endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        var serializer = json.Value.SerializerOptions;
        if (bad.InnerException is JsonException fault)
        {
            return BodyFault.Of(fault, body, serializer);
        }

        // The message names the parameter it failed on as: type, space, name, quotation mark. The metadata knows the rest.
        var parameter = endpoint?.Metadata.OfType<IParameterBindingMetadata>().FirstOrDefault(one =>
            one.ParameterInfo.ParameterType != body && bad.Message.Contains($" {one.Name}\"", StringComparison.Ordinal));
        return (parameter, body) switch
        {
            ({ } one, _) => QueryBounds.Refused(
                one.Name,
                $"must be {BodyFault.Expected(one.ParameterInfo.ParameterType, serializer)}{(one.IsOptional ? ", or left out" : " and is required")}"),
            (null, not null) => new Refusal(
                BodyFault.Code, $"The body is empty or could not be read to its end. {BodyFault.Wanted(body, serializer)}"),
            _ => new Refusal(BodyFault.Code, $"The request could not be read; {Look}"),
        };
    }

    private static string Media(HttpRequest request) => request.ContentType is { Length: > 0 } type ? type : "of no stated type";
}
