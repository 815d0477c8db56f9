using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;

namespace Pilotage.Server.Portfolio;

/// <summary>Use cases over HTTP: what they promise, what is known, what they paid.</summary>
internal static class UseCaseEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("use-cases", (Principal who, UseCaseViews views) => TypedResults.Ok(new ItemList<UseCaseView>(views.All(who.Tenant))))
            .RequirePermission("portfolio.use_case.read", Scope.Tenant);
        api.MapPost("use-cases", Install).RequirePermission("portfolio.use_case.write", Scope.Tenant);
        api.MapGet("use-cases/{id}", (string id, Principal who, UseCaseViews views) => views.One(who.Tenant, id).ToHttp())
            .RequirePermission("portfolio.use_case.read", Scope.Tenant);
        api.MapGet("use-cases/{id}/evidence", (string id, Principal who, UseCaseStore store, EvidenceBook book) =>
                store.Get(who.Tenant, id).Then(useCase => Evidence(useCase, book)).ToHttp())
            .RequirePermission("portfolio.use_case.read", Scope.Tenant);
        api.MapGet("use-cases/{id}/value", (string id, Principal who, UseCaseStore store, ValueBook values) =>
                store.Get(who.Tenant, id).Then(values.Measure).ToHttp())
            .RequirePermission("portfolio.value.read", Scope.Tenant);
        api.MapPost("use-cases/{id}/outcome", (string id, Principal who, UseCaseStore store, OutcomeRecord record) =>
                store.Get(who.Tenant, id).Then(record.Record).ToHttp())
            .RequirePermission("portfolio.outcome.write", Scope.Tenant);
        api.MapPost("use-cases/{id}/baseline", (string id, Principal who, UseCaseStore store, BaselineFreeze freeze) =>
                store.Get(who.Tenant, id).Then(freeze.Freeze).Then(BaselineView.Of).ToHttp())
            .RequirePermission("portfolio.baseline.write", Scope.Tenant);
        api.MapGet("use-cases/{id}/baseline", (string id, Principal who, Baselines baselines) =>
                baselines.Read(who.Tenant, id).Then(BaselineView.Of).ToHttp())
            .RequirePermission("portfolio.baseline.read", Scope.Tenant);
        api.MapGet("use-cases/{id}/ledger", (string id, Principal who, Ledger ledger) =>
                ledger.Verify(who.Tenant, id).Then(_ => (Outcome<ItemList<LedgerLine>>)new ItemList<LedgerLine>(ledger.Lines(who.Tenant, id))).ToHttp())
            .RequirePermission("portfolio.ledger.read", Scope.Tenant);
    }

    /// <summary>Takes a package that was posted before; a newer version keeps the stage.</summary>
    private static IResult Install(InstallBody body, Principal who, IPackages packages, UseCaseStore store, UseCaseViews views, TimeProvider time) =>
        Digest.TryParse(body.Package, out var package)
            ? packages.Get(who.Tenant, package).Then(UseCaseInstall.Define)
            .Then(definition => UseCaseInstall.Over(store.Find(who.Tenant, definition.Id)?.Definition, definition))
            .Then(definition =>
            {
                store.Put(who.Tenant, definition, time.NowNs());
                return views.One(who.Tenant, definition.Id);
            }).ToHttp()
            : new Refusal("use_case.malformed", $"'{body.Package}' is not the digest of a package; POST packages answers with it.").ToHttp();

    internal sealed record InstallBody(string Package);

    private static Outcome<ItemList<EvidenceItem>> Evidence(UseCase useCase, EvidenceBook book)
    {
        var items = new List<EvidenceItem>();
        foreach (var gate in useCase.Definition.Gates)
        {
            if (!useCase.Gate(gate.Stage).TryGet(out var rule, out var refusal))
            {
                return refusal;
            }

            items.AddRange(rule.Needs.Select(need => need.Weigh(rule.Stage, book.Read(useCase, need.Name))));
        }

        return new ItemList<EvidenceItem>(items);
    }
}

/// <summary>A page of a list; <c>nextCursor</c> is absent on the last one.</summary>
public sealed record ItemList<T>(IReadOnlyList<T> Items, string? NextCursor = null);

/// <summary>A baseline as people ask for it.</summary>
public sealed record BaselineView(string State, string Digest, BaselineDocument Document)
{
    internal static Outcome<BaselineView> Of(FrozenBaseline frozen) => new BaselineView("frozen", frozen.Digest.ToString(), frozen.Document);
}
