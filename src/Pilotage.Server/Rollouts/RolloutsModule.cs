using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Pilotage.Server.Rollouts;

/// <summary>Releases, waves, guards, rollback.</summary>
public static class RolloutsModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddRollouts(this IServiceCollection services) => services;

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapRollouts(this IEndpointRouteBuilder routes) => routes;
}
