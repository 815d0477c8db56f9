using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fleet;

/// <summary>Sites, devices, enrolment, presence.</summary>
public static class FleetModule
{
    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddFleet(this IServiceCollection services) => services
        .AddSingleton<DeviceStore>()
        .AddSingleton<Presences>()
        .AddSingleton<IPresences>(p => p.GetRequiredService<Presences>())
        .AddSingleton<Fleet>()
        .AddSingleton<IFleet>(p => p.GetRequiredService<Fleet>())
        .AddSingleton<IEnrolments>(p => p.GetRequiredService<Fleet>())
        .AddSingleton<IDeviceStanding>(p => p.GetRequiredService<Fleet>());

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapFleet(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("fleet");
        api.MapGet("devices", DeviceEndpoints.List).RequirePermission("fleet.device.read", Scope.Tenant);
        api.MapGet("devices/{id}", DeviceEndpoints.Show).RequirePermission("fleet.device.read", Scope.Tenant);
        api.MapPost("devices/{id}/attachment", DeviceEndpoints.Attach).RequirePermission("fleet.device.write", Scope.Tenant);
        api.MapPost("devices/{id}/restoration", EnrolmentEndpoints.Restore).RequirePermission("fleet.device.restore", Scope.Tenant);
        api.MapPost("enrolments", EnrolmentEndpoints.Declare).RequirePermission("fleet.device.write", Scope.Tenant);
        api.MapPost("enroll", EnrolmentEndpoints.Enrol).OpenToAll("the one-time code in the body is the credential");
        return routes;
    }
}
