using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Pilotage.Server.Hosting;

/// <summary>Refusals as RFC 9457 problems: the code is the end of the type, the sentence is the detail.</summary>
public static class Problems
{
    /// <summary>What every problem type begins with.</summary>
    public const string TypePrefix = "https://pilotage.dev/problems/";

    /// <summary>The value as 200, or the refusal as a problem.</summary>
    public static IResult ToHttp<T>(this Outcome<T> outcome) => outcome.ToHttp(static value => TypedResults.Ok(value));

    /// <summary>The value as the caller shapes it, or the refusal as a problem.</summary>
    public static IResult ToHttp<T>(this Outcome<T> outcome, Func<T, IResult> shape) =>
        outcome.TryGet(out var value, out var refusal) ? shape(value) : refusal.ToHttp();

    /// <summary>The refusal as a problem with the status its code implies.</summary>
    public static IResult ToHttp(this Refusal refusal) => refusal.ToHttp(StatusOf(refusal.Code));

    /// <summary>The refusal as a problem with a status that is settled already.</summary>
    public static IResult ToHttp(this Refusal refusal, int status)
    {
        var problem = new ProblemDetails
        {
            Type = TypePrefix + refusal.Code,
            Title = refusal.Code,
            Detail = refusal.Message,
            Status = status,
        };
        if (refusal.Details.Count > 0)
        {
            problem.Extensions["errors"] = refusal.Details.Select(d => new Fault(d.Where, d.Message)).ToArray();
        }

        return TypedResults.Problem(problem);
    }

    /// <summary>The status of a code, by the word it ends with; 422 when the word says nothing.</summary>
    public static int StatusOf(string code) => code[(code.LastIndexOf('.') + 1)..] switch
    {
        "not_found" => StatusCodes.Status404NotFound,
        "unauthenticated" => StatusCodes.Status401Unauthorized,
        "forbidden" => StatusCodes.Status403Forbidden,
        "conflict" or "exists" or "already_decided" or "in_use" => StatusCodes.Status409Conflict,
        "method" => StatusCodes.Status405MethodNotAllowed,
        "precondition" => StatusCodes.Status412PreconditionFailed,
        "too_large" => StatusCodes.Status413PayloadTooLarge,
        "media_type" => StatusCodes.Status415UnsupportedMediaType,
        "too_many" => StatusCodes.Status429TooManyRequests,
        "unavailable" => StatusCodes.Status503ServiceUnavailable,
        "storage_full" => StatusCodes.Status507InsufficientStorage,
        "malformed" or "query" => StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status422UnprocessableEntity,
    };

    /// <summary>One fault inside a request: where (JSON pointer, parameter, or file:line:column) and what.</summary>
    public sealed record Fault(string Where, string Message);
}
