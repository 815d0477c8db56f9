using Microsoft.AspNetCore.Http;

namespace Pilotage.Server.Fabric.Export;

/// <summary>An export in Parquet as it is sent; what breaks off in the middle has no end, without which no reader takes it.</summary>
internal sealed class ParquetAnswer(ParquetExport export, ExportLimits limits) : IResult
{
    /// <summary>Its media type, as it is registered.</summary>
    public const string Media = "application/vnd.apache.parquet";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, gone) = (httpContext.Response, httpContext.RequestAborted);
        var result = "gone";
        try
        {
            response.ContentType = Media;
            await export.WriteAsync(async bytes => await response.Body.WriteAsync(bytes, gone), gone);
            result = "done";
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // Counted below; there is nobody to tell.
        }
        finally
        {
            limits.Leave();
            limits.Count(result);
        }
    }
}
