using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Rollouts.Contracts;

namespace Pilotage.Server.Rollouts;

/// <summary>Releases and rollouts over HTTP.</summary>
internal static class RolloutEndpoints
{
    private const int TimelineMax = 500;
    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(500);

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("releases", MakeRelease).RequirePermission("rollouts.release.write", Scope.Tenant);
        api.MapGet("releases", (Principal who, ReleaseBook book) => TypedResults.Ok(book.List(who.Tenant).Select(View).ToList()))
            .RequirePermission("rollouts.release.read", Scope.Tenant);
        api.MapGet("releases/{id}", (string id, Principal who, ReleaseBook book) => book.Get(who.Tenant, id).ToHttp(release => TypedResults.Ok(View(release))))
            .RequirePermission("rollouts.release.read", Scope.Tenant);
        api.MapPost("rollouts", Start).RequirePermission("rollouts.rollout.start", Scope.Tenant);
        api.MapGet("rollouts", (Principal who, IRollouts rollouts) => TypedResults.Ok(rollouts.List(who.Tenant).Select(View).ToList()))
            .RequirePermission("rollouts.rollout.read", Scope.Tenant);
        api.MapGet("rollouts/{id}", (string id, Principal who, RolloutEngine engine, RolloutStore store) => Look(id, who, engine, store).ToHttp())
            .RequirePermission("rollouts.rollout.read", Scope.Tenant);
        api.MapGet("rollouts/{id}/watch", WatchAsync).RequirePermission("rollouts.rollout.read", Scope.Tenant);
        api.MapPost("rollouts/{id}/stop", (string id, ReasonBody body, Principal who, RolloutEngine engine, RolloutStore store, IAudit audit, ServerOptions options) =>
                TextBounds.TooLong("reason", body.Reason, options.NoteCharsMax)?.ToHttp() ?? Tell(id, new RolloutInput.Stop(who.Id, body.Reason ?? "no reason given"), "rollouts.rollout.stop", who, engine, store, audit))
            .RequirePermission("rollouts.rollout.stop", Scope.Tenant);
        api.MapPost("rollouts/{id}/resume", (string id, Principal who, RolloutEngine engine, RolloutStore store, IAudit audit) =>
                Tell(id, new RolloutInput.Resume(who.Id), "rollouts.rollout.resume", who, engine, store, audit))
            .RequirePermission("rollouts.rollout.resume", Scope.Tenant);
        api.MapPost("rollouts/{id}/retries", (string id, RetryBody body, Principal who, RolloutEngine engine, RolloutStore store, IAudit audit) =>
                Tell(id, new RolloutInput.Retry(body.Device, who.Id), "rollouts.rollout.retry", who, engine, store, audit))
            .RequirePermission("rollouts.rollout.retry", Scope.Tenant);
        api.MapPut("brake", Brake).RequirePermission("rollouts.brake.pull", Scope.Tenant);
    }

    private static IResult MakeRelease(ReleaseRequest request, Principal who, ReleaseDraft draft, ReleaseBook book, IAudit audit)
    {
        var release = draft.Of(who.Tenant, request).Then(manifest => book.Sign(who.Tenant, manifest));
        audit.Record(who, "rollouts.release.sign", release.IsOk ? release.Value.Release : request.UseCase ?? request.Package ?? "", release.IsOk ? "done" : "refused");
        return release.ToHttp(made => TypedResults.Created($"/api/v1/releases/{made.Release}", View(made)));
    }

    private static IResult Start(RolloutRequest request, Principal who, RolloutPlanning planning, RolloutEngine engine, RolloutStore store, IAudit audit)
    {
        var plan = planning.Plan(who.Tenant, request);
        audit.Record(who, "rollouts.rollout.start", request.Release, plan.IsOk ? "done" : "refused", plan.IsOk ? plan.Value.Rollout : plan.Refusal.Code);
        return plan.ToHttp(made =>
        {
            engine.Add(who.Tenant, made);
            return TypedResults.Created($"/api/v1/rollouts/{made.Rollout}", Look(made.Rollout, who, engine, store).Value);
        });
    }

    private static IResult Tell(
        string id, RolloutInput input, string action, Principal who, RolloutEngine engine, RolloutStore store, IAudit audit)
    {
        var told = engine.Tell(who.Tenant, id, input);
        audit.Record(who, action, id, told.IsOk ? "done" : "refused");
        return told.Then(_ => Look(id, who, engine, store)).ToHttp();
    }

    private static Ok<BrakeView> Brake(BrakeBody body, Principal who, RolloutEngine engine, IAudit audit)
    {
        var rollouts = engine.TellAll(who.Tenant, new RolloutInput.Brake(body.Pulled, who.Id));
        audit.Record(who, "rollouts.brake", body.Pulled ? "pulled" : "released", "done", $"{rollouts} rollouts");
        return TypedResults.Ok(new BrakeView(body.Pulled, rollouts));
    }

    private static Outcome<RolloutView> Look(string id, Principal who, RolloutEngine engine, RolloutStore store)
    {
        var timeline = store.Timeline(who.Tenant, id, TimelineMax);
        return engine.Look(who.Tenant, id, (machine, created, ended) => RolloutViews.Of(machine, created, ended, timeline));
    }

    private static async Task WatchAsync(
        string id, Principal who, RolloutEngine engine, RolloutStore store, TimeProvider time, HttpContext context, CancellationToken cancellation)
    {
        if (!Look(id, who, engine, store).TryGet(out var view, out var refusal))
        {
            await refusal.ToHttp().ExecuteAsync(context);
            return;
        }

        context.Response.ContentType = "text/event-stream";
        using var timer = new PeriodicTimer(WatchEvery, time);
        var last = "";
        do
        {
            var text = JsonSerializer.Serialize(view, JsonSerializerOptions.Web);
            if (text != last)
            {
                await context.Response.WriteAsync($"event: rollout\ndata: {text}\n\n", cancellation);
                await context.Response.Body.FlushAsync(cancellation);
                last = text;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation) && Look(id, who, engine, store).TryGet(out view, out _));
    }

    private static ReleaseView View(StoredRelease release)
    {
        var manifest = release.Manifest();
        return new ReleaseView(
            release.Release, release.UseCase, release.Name, release.Version, release.Sequence, release.ManifestDigest, Clock.Rfc3339(release.CreatedNs), manifest);
    }

    private static SummaryView View(RolloutSummary rollout) => new(
        rollout.Rollout.Value, rollout.Release.Value, rollout.UseCase.Value, rollout.Status, rollout.Cause, rollout.WavesPassed, rollout.Targets, rollout.Touched, rollout.Note,
        Clock.Rfc3339(rollout.StartedNs), rollout.EndedNs is { } ended ? Clock.Rfc3339(ended) : null);

    internal sealed record ReleaseView(
        string Id, string UseCase, string Name, string Version, long Sequence, string ManifestDigest, string CreatedAt, ReleaseManifest Manifest);

    internal sealed record SummaryView(
        string Id, string Release, string UseCase, string Status, string Cause, int WavesPassed, int Targets, int Touched, string? Note, string StartedAt, string? EndedAt);

    internal sealed record ReasonBody(string? Reason);

    internal sealed record RetryBody(string Device);

    internal sealed record BrakeBody(bool Pulled);

    internal sealed record BrakeView(bool Pulled, int Rollouts);
}
