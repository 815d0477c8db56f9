using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Access;

/// <summary>Stands before every route: who is asking, and does the route's permission allow it. Deny by default.</summary>
internal sealed class AccessGate(RequestDelegate next, Authenticator authenticator)
{
    // What routing answers by itself where a path is known but not with this method or this type of body. Nobody can map a route
    // that looks so: a mapped one is a RouteEndpoint with metadata. Should the framework ever rename them, they are closed again.
    private static readonly string[] RoutingAnswers = ["405 HTTP Method Not Supported", "415 HTTP Unsupported Media Type"];

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint is null || IsRoutingAnswer(endpoint))
        {
            await next(context);
            return;
        }

        if (Decide(context, endpoint.Metadata.GetMetadata<RequiredPermission>()) is { } refusal)
        {
            await refusal.ToHttp(endpoint).ExecuteAsync(context);
            return;
        }

        await next(context);
    }

    private static bool IsRoutingAnswer(Endpoint endpoint) =>
        endpoint.GetType() == typeof(Endpoint) && endpoint.Metadata.Count == 0 && RoutingAnswers.Contains(endpoint.DisplayName);

    private Refusal? Decide(HttpContext context, RequiredPermission? required)
    {
        if (required is null)
        {
            return new Refusal("access.forbidden", "This route declares no permission, so nobody may call it.");
        }

        if (!authenticator.Identify(context).TryGet(out var principal, out var refusal))
        {
            return refusal;
        }

        context.Features.Set(principal);
        if (required.Scope == Scope.Open || Roles.Grant(principal.Roles, required.Name))
        {
            return null;
        }

        return principal == Principal.Anonymous
            ? new Refusal("access.unauthenticated", $"This needs the permission {required.Name}; send a bearer token or a client certificate.")
            : new Refusal("access.forbidden", $"{principal.DisplayName} lacks the permission {required.Name}; an administrator can grant it.");
    }
}
