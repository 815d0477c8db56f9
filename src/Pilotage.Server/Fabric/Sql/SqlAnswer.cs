using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Sql;

/// <summary>An answer as it is found and sent. A refusal on the way is a problem as long as nothing was sent; after that the answer breaks off, and every client notices.</summary>
internal sealed partial class SqlAnswer(SqlRun run, SqlForm form, TimeSpan timeMax, Turnstile.Place place, TimeProvider time, ILogger<SqlLimits> logger) : IResult
{
    // So much is gathered before it is sent; the network decides how fast that goes, and nothing is read ahead of it.
    private const int ChunkBytes = 64 * 1024;
    private bool _isSent;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var gone = httpContext.RequestAborted;
        using var late = new CancellationTokenSource(timeMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(gone, late.Token);
        try
        {
            var refusal = await FindAsync(httpContext, late, either.Token);
            place.Result = refusal is null ? "done" : "refused";
            if (refusal is null)
            {
                await SendAsync(httpContext.Response, 0, gone);
            }
            else if (!_isSent)
            {
                await refusal.ToHttp().ExecuteAsync(httpContext);
            }
            else
            {
                Log.BrokenOff(logger, form.Rows, refusal.Code, refusal.Message);
                httpContext.Abort();
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // Counted as gone; there is nobody to tell.
        }
        finally
        {
            form.Dispose();
            place.Dispose();
        }
    }

    private async Task<Refusal?> FindAsync(HttpContext httpContext, CancellationTokenSource late, CancellationToken cancellation)
    {
        try
        {
            return await run.RunAsync(form, () => SendAsync(httpContext.Response, ChunkBytes, cancellation), cancellation);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !httpContext.RequestAborted.IsCancellationRequested)
        {
            return new Refusal(
                "fabric.sql.time", $"The question took longer than {Seconds(timeMax)} s, the most; ask for a shorter time or fewer devices, or for shorter windows: one of OVER is computed anew for every row.");
        }
    }

    /// <summary>A limit in seconds, with as many decimals as it has.</summary>
    internal static string Seconds(TimeSpan length) => length.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    private async ValueTask SendAsync(HttpResponse response, int atLeast, CancellationToken cancellation)
    {
        form.Flush();
        if (form.Bytes.Length <= atLeast || form.Bytes.Length == 0)
        {
            return;
        }

        if (!_isSent)
        {
            response.ContentType = form.Media;
            WindowsOnly.Tell(response, run.Note);
            _isSent = true;
        }

        await response.Body.WriteAsync(form.Bytes.GetBuffer().AsMemory(0, (int)form.Bytes.Length), cancellation);
        form.Bytes.SetLength(0);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2390, Level = LogLevel.Warning, Message = "An answer in SQL broke off after {Rows} rows: {Code}: {Why}")]
        public static partial void BrokenOff(ILogger logger, long rows, string code, string why);
    }
}
