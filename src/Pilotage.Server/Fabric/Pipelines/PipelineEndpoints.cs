using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>Pipelines that run on the server, over HTTP.</summary>
internal static class PipelineEndpoints
{
    /// <summary>A time of history to run a pipeline over.</summary>
    /// <param name="From">The first device time.</param>
    /// <param name="To">The first that is not read any more; now where it is left out.</param>
    /// <param name="CloseWindows">Close the windows that are open after the last row; live they stay open.</param>
    internal sealed record ReplayBody(DateTimeOffset From, DateTimeOffset? To, bool? CloseWindows);

    public static IResult List(Principal who, PipelineBook pipelines) => TypedResults.Ok(new PipelineList([.. pipelines.All(who.Tenant).Select(PipelineViews.Row)]));

    public static IResult Show(string name, Principal who, PipelineBook pipelines) => pipelines.Find(who.Tenant, name).ToHttp(entry => TypedResults.Ok(PipelineViews.Whole(entry, pipelines.Versions(entry.Pipeline))));

    public static async Task<IResult> ApplyAsync(string name, PipelineBody body, HttpRequest request, Principal who, PipelineBook pipelines, IAudit audit, CancellationToken cancellation)
    {
        var applied = await pipelines.ApplyAsync(who, name, body, request.Headers.IfNoneMatch == "*", cancellation);
        audit.Record(who, "fabric.pipeline.write", Shown(name), applied.IsOk ? "done" : "refused", applied.IsOk ? $"version {applied.Value.Pipeline.Version}" : applied.Refusal.Code);
        return applied.ToHttp(entry => TypedResults.Ok(PipelineViews.Whole(entry, pipelines.Versions(entry.Pipeline))));
    }

    public static IResult Preview(string name, PipelineBody body, Principal who, PipelineBook pipelines) =>
        pipelines.Preview(who.Tenant, name, body).ToHttp(outlook => TypedResults.Ok(PipelineViews.Preview(name, outlook)));

    public static async Task<IResult> RemoveAsync(string name, Principal who, PipelineBook pipelines, IAudit audit, CancellationToken cancellation)
    {
        var removed = await pipelines.RemoveAsync(who.Tenant, name, cancellation);
        audit.Record(who, "fabric.pipeline.write", Shown(name), removed.IsOk ? "removed" : "refused", removed.IsOk ? null : removed.Refusal.Code);
        return removed.ToHttp(entry => TypedResults.Ok(PipelineViews.Row(entry with { Live = null, Pipeline = entry.Pipeline with { Paused = "it was taken away" } })));
    }

    public static Task<IResult> PauseAsync(string name, Principal who, PipelineBook pipelines, IAudit audit, CancellationToken cancellation) =>
        PauseAsync(name, $"{who.Id} paused it", who, pipelines, audit, cancellation);

    public static Task<IResult> ResumeAsync(string name, Principal who, PipelineBook pipelines, IAudit audit, CancellationToken cancellation) => PauseAsync(name, null, who, pipelines, audit, cancellation);

    public static IResult Replay(
        string name, ReplayBody body, Principal who, PipelineBook pipelines, PipelineReader reader, PipelineReplays replays, TimeSeriesStore store, IFleet fleet, TimeProvider time, ILogger<PipelineReplays> logger)
    {
        var toNs = body.To is { } to ? Clock.ToNs(to) : time.NowNs();
        var entered = pipelines.Find(who.Tenant, name).Then(entry =>
            Clock.ToNs(body.From) >= toNs
                ? new Refusal("request.query", $"from is {body.From:O}, not before to; give the earlier time as from.") { Details = [new("/from", "is not before to")] }
                : reader.Compile(entry.Pipeline).Then(plan => reader.Load(entry.Pipeline, plan).Then(models =>
                    replays.Enter().Then(place => (Outcome<ReplayAnswer>)new ReplayAnswer(entry.Pipeline, plan, models, store, fleet, (Clock.ToNs(body.From), toNs - 1), body.CloseWindows == true, place, time, logger)))));
        if (!entered.IsOk)
        {
            replays.Count("refused");
        }

        return entered.ToHttp(answer => answer);
    }

    private static async Task<IResult> PauseAsync(string name, string? why, Principal who, PipelineBook pipelines, IAudit audit, CancellationToken cancellation)
    {
        var paused = await pipelines.PauseAsync(who.Tenant, name, why, cancellation);
        audit.Record(who, why is null ? "fabric.pipeline.resume" : "fabric.pipeline.pause", Shown(name), paused.IsOk ? "done" : "refused", paused.IsOk ? null : paused.Refusal.Code);
        return paused.ToHttp(entry => TypedResults.Ok(PipelineViews.Row(entry)));
    }

    private static string Shown(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
