using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilotage.Server.Portfolio.Page;

namespace Pilotage.Server.Portfolio;

/// <summary>Use cases, baselines, outcomes, gates, value.</summary>
public static class PortfolioModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddPortfolio(this IServiceCollection services) => services
        .AddSingleton<UseCaseStore>()
        .AddSingleton<UseCaseViews>()
        .AddSingleton<Ledger>()
        .AddSingleton<Lives>()
        .AddSingleton<SensorRows>()
        .AddSingleton<BestSensors>()
        .AddSingleton<Baselines>()
        .AddSingleton<BaselineFreeze>()
        .AddSingleton<Alerts>()
        .AddHostedService<AlertLineage>()
        .AddSingleton<ValueBook>()
        .AddSingleton<OutcomeRecord>()
        .AddSingleton<EvidenceBook>()
        .AddSingleton<IEvidenceSource, DataEvidence>()
        .AddSingleton<IEvidenceSource, BaselineEvidence>()
        .AddSingleton<IEvidenceSource, FieldEvidence>()
        .AddSingleton<IEvidenceSource, OutcomeEvidence>()
        .AddSingleton<IEvidenceSource, ModelEvidence>()
        .AddSingleton<IEvidenceSource, ShadowEvidence>()
        .AddSingleton<IEvidenceSource, RolloutEvidence>()
        .AddSingleton<GateTrail>()
        .AddSingleton<Gates>()
        .AddSingleton<HomePage>();

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapPortfolio(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("portfolio");
        UseCaseEndpoints.Map(api);
        GateEndpoints.Map(api);
        AlertEndpoints.Map(api);
        PageEndpoints.Map(routes);
        return routes;
    }
}
