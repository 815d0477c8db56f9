using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pilotage.Learning.Onnx;
using Pilotage.Runtime;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Package.Pipelines;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>What a pipeline would have put out over a time of history, as lines of JSON; nothing is stored. The last line says that it is the last.</summary>
/// <remarks>Rows go in in the order in which they arrived, by the code and from the store that it runs from live, so what it computes is the same bit for bit. The network decides how fast it goes.</remarks>
internal sealed partial class ReplayAnswer(
    StoredPipeline pipeline, PipelinePlan plan, IReadOnlyDictionary<string, IModelInvoker> models, TimeSeriesStore store, IFleet fleet, (long FirstNs, long LastNs) span, bool closesWindows, Turnstile.Place place,
    TimeProvider time, ILogger<PipelineReplays> logger) : IResult
{
    private const int ChunkChars = 64 * 1024;
    private const int SliceRows = 1_024;

    // Streams orders times by the bits of a double, which ends a little before 2262 does.
    private const long LatestNs = 0x7FEF_FFFF_FFFF_FFFF;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var gone = httpContext.RequestAborted;
        try
        {
            httpContext.Response.ContentType = "application/x-ndjson";
            using var lines = new StringWriter();
            using var run = PipelineRun.Start(plan, models, new LineSink(lines, plan), time).Value;
            var (rows, failures) = await FillAsync(run, httpContext.Response, lines, gone);
            if (closesWindows)
            {
                run.Advance(LatestNs);
            }

            var counters = run.Counters;
            await lines.WriteLineAsync(new JsonObject
            {
                ["done"] = true,
                ["rows"] = rows,
                ["late"] = counters.Late,
                ["repeated"] = counters.Duplicates,
                ["inferences"] = counters.Inferences,
                ["alertsRaised"] = counters.AlertsRaised,
                ["alertsCleared"] = counters.AlertsCleared,
                ["failures"] = failures,
            }.ToJsonString());
            await SendAsync(httpContext.Response, lines, 0, gone);
            place.Result = "done";
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // Counted as gone; there is nobody to tell.
        }
        finally
        {
            place.Dispose();
        }
    }

    private async Task<(long Rows, long Failures)> FillAsync(PipelineRun run, HttpResponse response, StringWriter lines, CancellationToken gone)
    {
        var (places, rows, failures) = (new RowPlaces(plan, pipeline.Tenant, fleet), 0L, 0L);
        foreach (var row in store.ReplayTyped(pipeline.Tenant, [.. places.Devices], places.Properties, span.FirstNs, span.LastNs))
        {
            var source = places.Place(row);
            if (source < 0)
            {
                continue;
            }

            rows++;
            try
            {
                run.Push(source, row.Device, row.TimeNs, places.Values(source), places.Texts(source), row.Arrival);
            }
            catch (OnnxException failure)
            {
                if (failures++ == 0)
                {
                    Log.ModelFailed(logger, pipeline.Name, failure.Message);
                }
            }

            if (rows % SliceRows == 0)
            {
                await SendAsync(response, lines, ChunkChars, gone);
            }
        }

        return (rows, failures);
    }

    private static async Task SendAsync(HttpResponse response, StringWriter lines, int atLeast, CancellationToken gone)
    {
        gone.ThrowIfCancellationRequested();
        var text = lines.GetStringBuilder();
        if (text.Length <= atLeast)
        {
            return;
        }

        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), gone);
        text.Clear();
    }

    private static partial class Log
    {
        [LoggerMessage(3154, LogLevel.Warning, "A replay of the pipeline {Pipeline} met a row at which a model failed: {Why}.")]
        public static partial void ModelFailed(ILogger logger, string pipeline, string why);
    }
}
