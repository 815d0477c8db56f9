using Microsoft.AspNetCore.Builder;

namespace Pilotage.Server.Access.Contracts;

/// <summary>What a route demands of its caller. Every route carries exactly one; a test holds that.</summary>
public sealed record RequiredPermission(string Name, Scope Scope, string? Reason);

/// <summary>How routes declare what they demand.</summary>
public static class Permissions
{
    /// <summary>Demands a permission such as <c>fleet.device.read</c>: module, noun, verb.</summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder route, string permission, Scope scope)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RequiredPermission(permission, scope, null));

    /// <summary>Opens a route to everyone who can reach the port, for a stated reason.</summary>
    public static TBuilder OpenToAll<TBuilder>(this TBuilder route, string reason)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RequiredPermission("open", Scope.Open, reason));
}
