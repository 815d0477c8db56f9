using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Pilotage.Server.Portfolio;

/// <summary>Use cases, baselines, outcomes, gates, value.</summary>
public static class PortfolioModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddPortfolio(this IServiceCollection services) => services;

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapPortfolio(this IEndpointRouteBuilder routes) => routes;
}
