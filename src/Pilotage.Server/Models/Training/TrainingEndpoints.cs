using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Models.Training;

/// <summary>Starting runs and watching them.</summary>
internal static class TrainingEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("runs", Post).WaitsForRoom().RequirePermission("models.run.write", Scope.Tenant);
        api.MapGet("runs", (Principal who, TrainingRuns runs) => TypedResults.Ok(runs.List(who.Tenant))).RequirePermission("models.run.read", Scope.Tenant);
        api.MapGet("runs/{id}", (string id, Principal who, TrainingRuns runs) => runs.Get(who.Tenant, id).ToHttp())
            .RequirePermission("models.run.read", Scope.Tenant);
    }

    private static IResult Post(TrainingRequest request, Principal who, TrainingQueue queue, IAudit audit) =>
        queue.Enqueue(who.Tenant, request).ToHttp(run =>
        {
            audit.Record(who, "run.start", run, "done", request.Dataset);
            return TypedResults.Accepted($"/api/v1/runs/{run}", new RunStarted(run));
        });

    internal sealed record RunStarted(string Id);
}
