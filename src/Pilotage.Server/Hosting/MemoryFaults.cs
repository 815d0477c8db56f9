using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Pilotage.Server.Hosting;

/// <summary>A request that found no memory is refused for now; it is no fault of the server, and what is asked for in smaller pieces may find some.</summary>
internal sealed class MemoryFaults(MemoryWatch memory, FaultLog log) : IExceptionHandler
{
    /// <summary>What others take is given back by then, as a rule.</summary>
    public const int RetrySeconds = 5;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!MemoryWatch.IsShort(exception))
        {
            return false;
        }

        memory.Refused();
        log.MemoryShort(httpContext);
        httpContext.Response.Headers.RetryAfter = $"{RetrySeconds}";
        var refusal = new Refusal(
            "server.memory.unavailable",
            $"There was no memory for this request, so it was not answered; nothing that was acknowledged is lost. "
            + $"Ask for less at a time (a shorter time, fewer series, a smaller page), try again after {RetrySeconds} s, or {memory.Remedy}.");
        await refusal.ToHttp().ExecuteAsync(httpContext);
        return true;
    }
}
