using CsvHelper;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Fabric.Retention;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Export;

/// <summary>An export as it is sent: RFC 4180 with a header; what breaks off in the middle ends without the last chunk, and every client notices.</summary>
internal sealed class ExportAnswer(SeriesExport export, TimeSeriesStore store, string? note, Turnstile.Place place) : IResult
{
    // So much is gathered before it is sent; the network decides how fast that goes, and nothing is read ahead of it.
    private static readonly CsvWriterOptions Dialect = new() { BufferSize = 64 * 1024 };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, gone) = (httpContext.Response, httpContext.RequestAborted);
        using (place)
        {
            try
            {
                response.ContentType = "text/csv; charset=utf-8; header=present";
                WindowsOnly.Tell(response, note);
                await RowsAsync(response, gone);
                place.Result = "done";
            }
            catch (OperationCanceledException) when (gone.IsCancellationRequested)
            {
                // Counted as gone; there is nobody to tell.
            }
        }
    }

    private async Task RowsAsync(HttpResponse response, CancellationToken gone)
    {
        using var chunk = new MemoryStream();
        await using var csv = CsvWriter.Create(chunk, Dialect, leaveOpen: true);
        WriteHeader(csv);
        foreach (var row in export.Rows(store))
        {
            Write(csv, row);
            if (chunk.Length > 0)
            {
                await SendAsync(csv, chunk, response, gone);
            }
        }

        await SendAsync(csv, chunk, response, gone);
    }

    private static async Task SendAsync(CsvWriter csv, MemoryStream chunk, HttpResponse response, CancellationToken cancellation)
    {
        await csv.FlushAsync(cancellation);
        await response.Body.WriteAsync(chunk.GetBuffer().AsMemory(0, (int)chunk.Length), cancellation);
        chunk.SetLength(0);
    }

    private void WriteHeader(CsvWriter csv)
    {
        csv.WriteField("ts");
        csv.WriteField("device");
        foreach (var property in export.Properties)
        {
            csv.WriteField(property);
        }

        csv.EndRecord();
    }

    private static void Write(CsvWriter csv, ExportRow row)
    {
        csv.WriteField(ExportTime.Rfc3339(row.TimeNs));
        csv.WriteField(row.Device.Value);
        foreach (var value in row.Values)
        {
            csv.WriteField(value is { } there ? there.ToString() : "");
        }

        csv.EndRecord();
    }
}
