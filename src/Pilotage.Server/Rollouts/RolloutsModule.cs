using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Rollouts.Contracts;

namespace Pilotage.Server.Rollouts;

/// <summary>Releases, waves, guards, rollback.</summary>
public static class RolloutsModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddRollouts(this IServiceCollection services) => services
        .AddSingleton<ReleaseBook>()
        .AddSingleton<ReleaseDraft>()
        .AddSingleton<RolloutStore>()
        .AddSingleton<RolloutPlanning>()
        .AddSingleton<DesiredComposer>()
        .AddSingleton<EvidenceJudge>()
        .AddSingleton<RolloutEngine>()
        .AddSingleton<IRollouts>(provider => provider.GetRequiredService<RolloutEngine>())
        .AddSingleton<IDeviceUse>(provider => provider.GetRequiredService<RolloutEngine>())
        .AddHostedService(provider => provider.GetRequiredService<RolloutEngine>());

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapRollouts(this IEndpointRouteBuilder routes)
    {
        RolloutEndpoints.Map(routes.MapGroup("/api/v1").WithTags("rollouts"));
        return routes;
    }
}
