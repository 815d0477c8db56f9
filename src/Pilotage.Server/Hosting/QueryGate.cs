using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Pilotage.Server.Hosting;

/// <summary>Stands before every route of the API: a parameter that the route does not know is refused, not passed over.</summary>
/// <remarks>A filter with a typing error would otherwise be answered with everything.</remarks>
internal sealed class QueryGate(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Query.Count > 0 && context.GetEndpoint() is RouteEndpoint route && IsApi(route))
        {
            var known = KnownTo(route);
            if (context.Request.Query.Keys.FirstOrDefault(name => !known.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            {
                return QueryBounds.Unknown(unknown, known).ToHttp(route).ExecuteAsync(context);
            }
        }

        return next(context);
    }

    private static bool IsApi(RouteEndpoint route) => route.RoutePattern.RawText?.TrimStart('/').StartsWith("api/", StringComparison.Ordinal) == true;

    /// <summary>What the handler takes as text and not out of the path.</summary>
    private static List<string> KnownTo(RouteEndpoint route) =>
    [
        .. route.Metadata.OfType<IParameterBindingMetadata>()
            .Where(parameter => parameter.HasTryParse && route.RoutePattern.GetParameter(parameter.Name) is null)
            .Select(parameter => parameter.Name),
    ];
}
