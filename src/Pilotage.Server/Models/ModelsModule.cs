using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Pilotage.Server.Models;

/// <summary>Registry, datasets, training runs, evaluation, artifacts.</summary>
public static class ModelsModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddModels(this IServiceCollection services) => services;

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapModels(this IEndpointRouteBuilder routes) => routes;
}
