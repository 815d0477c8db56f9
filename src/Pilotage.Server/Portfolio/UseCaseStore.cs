using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Portfolio;

/// <summary>Use cases in the catalogue.</summary>
internal sealed class UseCaseStore(ICatalogue catalogue)
{
    public UseCase? Find(TenantId tenant, string id) => catalogue.Read(connection => connection.QueryFirst(
        "SELECT tenant, definition, stage, since_ns FROM portfolio_use_cases WHERE tenant = $tenant AND use_case = $id",
        ToUseCase,
        ("$tenant", tenant.Value), ("$id", id)));

    public Outcome<UseCase> Get(TenantId tenant, string id) =>
        Find(tenant, id) is { } found ? found : new Refusal("use_case.not_found", $"There is no use case '{id}' in {tenant}.");

    public IReadOnlyList<UseCase> All(TenantId tenant) => catalogue.Read(connection => connection.Query(
        "SELECT tenant, definition, stage, since_ns FROM portfolio_use_cases WHERE tenant = $tenant ORDER BY use_case",
        ToUseCase,
        ("$tenant", tenant.Value)));

    /// <summary>Tenants that have a use case.</summary>
    public IReadOnlyList<TenantId> Tenants() => catalogue.Read(connection => connection.Query(
        "SELECT DISTINCT tenant FROM portfolio_use_cases ORDER BY tenant", row => new TenantId(row.GetString(0))));

    /// <summary>Installs a use case at stage idea, or takes a new version of its package at the stage it has.</summary>
    public UseCase Put(TenantId tenant, UseCaseDefinition definition, long nowNs)
    {
        catalogue.Write((connection, _) => connection.Execute(
            """
            INSERT INTO portfolio_use_cases (tenant, use_case, definition, stage, since_ns) VALUES ($tenant, $id, $definition, $stage, $now)
            ON CONFLICT (tenant, use_case) DO UPDATE SET definition = excluded.definition
            """,
            ("$tenant", tenant.Value),
            ("$id", definition.Id),
            ("$definition", JsonSerializer.Serialize(definition, Json.Web)),
            ("$stage", Stage.Idea.Word()),
            ("$now", nowNs)));
        return Find(tenant, definition.Id)!;
    }

    public void Move(UseCase useCase, Stage to, long nowNs) => catalogue.Write((connection, _) => connection.Execute(
        "UPDATE portfolio_use_cases SET stage = $stage, since_ns = $now WHERE tenant = $tenant AND use_case = $id",
        ("$stage", to.Word()), ("$now", nowNs), ("$tenant", useCase.Tenant.Value), ("$id", useCase.Id)));

    private static UseCase ToUseCase(SqliteDataReader row) => new(
        new TenantId(row.GetString(0)),
        JsonSerializer.Deserialize<UseCaseDefinition>(row.GetString(1), Json.Web)!,
        Stages.Parse(row.GetString(2)).Value,
        row.GetInt64(3));
}
