using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Models.Datasets;

/// <summary>Cutting, listing, comparing datasets.</summary>
internal static class DatasetEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("datasets", Cut).WaitsForRoom().RequirePermission("models.dataset.write", Scope.Tenant);
        api.MapGet("datasets", (Principal who, DatasetStore datasets) => TypedResults.Ok(datasets.List(who.Tenant).Select(View).ToList()))
            .RequirePermission("models.dataset.read", Scope.Tenant);
        api.MapGet("datasets/{reference}", (string reference, Principal who, DatasetStore datasets) =>
                datasets.Get(who.Tenant, reference).ToHttp(found => TypedResults.Ok(found.Manifest)))
            .RequirePermission("models.dataset.read", Scope.Tenant);
        api.MapGet("datasets/{reference}/columns", Columns).RequirePermission("models.dataset.read", Scope.Tenant);
        api.MapGet("datasets/{name}/diff", Diff).RequirePermission("models.dataset.read", Scope.Tenant);
    }

    private static IResult Cut(CutRequest request, Principal who, DatasetCutter cutter, DatasetStore datasets, IAudit audit) =>
        cutter.Cut(who.Tenant, request).ToHttp(cut =>
        {
            var dataset = datasets.Add(who.Tenant, cut.Manifest);
            audit.Record(who, "dataset.cut", dataset.Digest.ToString(), "done", dataset.Reference);
            return TypedResults.Ok(View(dataset) with { WithoutValue = cut.WithoutValue });
        });

    private static IResult Columns(string reference, Principal who, DatasetStore datasets, DatasetColumns columns) =>
        datasets.Get(who.Tenant, reference).Then(dataset => columns.Of(who.Tenant, dataset.Manifest).Then(of => (Outcome<ColumnsView>)new ColumnsView(
            View(dataset), dataset.Manifest.Thing, At(dataset.Manifest.FromNs), At(dataset.Manifest.ToNs), At(dataset.Manifest.AsOfNs), of))).ToHttp();

    private static IResult Diff(string name, int from, int to, Principal who, DatasetStore datasets, DatasetColumns columns) =>
        datasets.Get(who.Tenant, $"{name}@{from}").Then(before => datasets.Get(who.Tenant, $"{name}@{to}").Then(after => columns.Diff(who.Tenant, before, after))).ToHttp();

    private static string? At(long? ns) => ns is { } at ? Clock.Rfc3339(at) : null;

    private static DatasetView View(Dataset dataset) => new(
        dataset.Reference,
        dataset.Name,
        dataset.Version,
        dataset.Digest.ToString(),
        dataset.Manifest.Package,
        dataset.Manifest.RowCount,
        dataset.Manifest.Units.Count,
        dataset.Manifest.Units.Count(unit => unit.StopNs is not null),
        dataset.Manifest.HeldOut.Count,
        dataset.Manifest.Verdicts.Count,
        Clock.Rfc3339(dataset.AtNs));

    /// <param name="Reference">name@version.</param>
    /// <param name="WithoutValue">Of a cut: properties of which no row has a value.</param>
    internal sealed record DatasetView(
        string Reference, string Name, int Version, string Digest, string Package, long Rows, int Units, int UnitsStopped, int HeldOut, int Verdicts, string CutAt, IReadOnlyList<string>? WithoutValue = null);

    /// <summary>A dataset with its columns, and the bounds that it was cut within.</summary>
    internal sealed record ColumnsView(DatasetView Dataset, string Thing, string? From, string? To, string? AsOf, IReadOnlyList<DatasetColumn> Columns);
}
