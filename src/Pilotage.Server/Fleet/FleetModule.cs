using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Pilotage.Server.Fleet;

/// <summary>Sites, devices, enrolment, presence.</summary>
public static class FleetModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddFleet(this IServiceCollection services) => services;

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapFleet(this IEndpointRouteBuilder routes) => routes;
}
