using Microsoft.AspNetCore.Http;

namespace Pilotage.Server.Hosting;

/// <summary>Names in addresses as they were meant: a slash inside of a segment stays as it was written (%2F), where everything else is decoded.</summary>
internal static class RouteNames
{
    private const string Slash = "%2F";

    public static Task Decode(HttpContext context, RequestDelegate next)
    {
        foreach (var (name, value) in context.Request.RouteValues)
        {
            if (value is string text && text.Contains(Slash, StringComparison.OrdinalIgnoreCase))
            {
                context.Request.RouteValues[name] = text.Replace(Slash, "/", StringComparison.OrdinalIgnoreCase);
            }
        }

        return next(context);
    }
}
