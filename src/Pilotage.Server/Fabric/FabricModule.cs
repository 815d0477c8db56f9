using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Pilotage.Server.Fabric;

/// <summary>Ingest, series, events, lineage.</summary>
public static class FabricModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddFabric(this IServiceCollection services) => services;

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapFabric(this IEndpointRouteBuilder routes) => routes;
}
