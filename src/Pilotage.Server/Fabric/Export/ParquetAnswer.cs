using Microsoft.AspNetCore.Http;
using Pilotage.Server.Fabric.Retention;

namespace Pilotage.Server.Fabric.Export;

/// <summary>An export in Parquet as it is sent; what breaks off in the middle has no end, without which no reader takes it.</summary>
internal sealed class ParquetAnswer(ParquetExport export, string? note, Turnstile.Place place) : IResult
{
    /// <summary>Its media type, as it is registered.</summary>
    public const string Media = "application/vnd.apache.parquet";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, gone) = (httpContext.Response, httpContext.RequestAborted);
        using (place)
        {
            try
            {
                response.ContentType = Media;
                WindowsOnly.Tell(response, note);
                await export.WriteAsync(async bytes => await response.Body.WriteAsync(bytes, gone), gone);
                place.Result = "done";
            }
            catch (OperationCanceledException) when (gone.IsCancellationRequested)
            {
                // Counted as gone; there is nobody to tell.
            }
        }
    }
}
