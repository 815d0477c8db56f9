using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;

namespace Pilotage.Server.Models.Registry;

/// <summary>Model versions over HTTP.</summary>
internal static class ModelEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("models", (Principal who, IModelRegistry registry) => TypedResults.Ok(registry.List(who.Tenant).Select(View).ToList()))
            .RequirePermission("models.model.read", Scope.Tenant);
        api.MapGet("models/{name}", ByName).RequirePermission("models.model.read", Scope.Tenant);
        api.MapGet("models/{name}/versions/{version}", (string name, string version, Principal who, IModelRegistry registry) =>
                registry.Get(who.Tenant, new ModelVersion(name, version)).ToHttp(model => TypedResults.Ok(View(model))))
            .RequirePermission("models.model.read", Scope.Tenant);
        api.MapPost("models/{name}/versions/{version}/evaluations", (string name, string version, EvaluationRequest request, Principal who, Evaluation evaluation) =>
                evaluation.Score(who.Tenant, new ModelVersion(name, version), request).ToHttp())
            .RequirePermission("models.model.evaluate", Scope.Tenant);
    }

    private static IResult ByName(string name, Principal who, IModelRegistry registry)
    {
        var versions = registry.List(who.Tenant).Where(model => model.Name == name).Select(View).ToList();
        return versions.Count > 0
            ? TypedResults.Ok(versions)
            : new Refusal("model.not_found", $"There is no model '{name}'; GET /api/v1/models lists them.").ToHttp();
    }

    private static ModelView View(RegisteredModel model)
    {
        using var statement = JsonDocument.Parse(model.Statement);
        return new ModelView(
            model.Name, model.Version, model.Model.ToString(), model.Golden.ToString(), model.Dataset.ToString(), model.Run, model.Package.ToString(),
            model.Bytes, model.Inputs, model.Outputs, model.Metrics, statement.RootElement.Clone(), Clock.Rfc3339(model.AtNs));
    }

    /// <summary>A model version as people and programs see it.</summary>
    internal sealed record ModelView(
        string Name, string Version, string Digest, string Golden, string Dataset, string Run, string Package, long Bytes,
        IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyDictionary<string, double> Metrics, JsonElement Statement, string RegisteredAt);
}
