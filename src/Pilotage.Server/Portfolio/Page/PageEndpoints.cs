using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;

namespace Pilotage.Server.Portfolio.Page;

/// <summary>The one page at <c>/</c>: no build, no framework, readable without script.</summary>
internal static class PageEndpoints
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", Home).OpenToAll("without a session it shows how to sign in and nothing else").ExcludeFromDescription();
        routes.MapGet("/page.js", (HttpContext context) => Asset(context, "page.js", "text/javascript")).OpenToAll("the script holds no data").ExcludeFromDescription();
        routes.MapGet("/page.css", (HttpContext context) => Asset(context, "page.css", "text/css")).OpenToAll("the style sheet holds no data").ExcludeFromDescription();
    }

    private static IResult Home(HttpContext context, string? token, Principal who, HomePage page)
    {
        if (token is not null)
        {
            // Out of the address at once, so that it lands in no history and no log of a proxy.
            context.Response.Cookies.Append(
                SessionCookie.Name,
                token,
                new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/" });
            return TypedResults.Redirect("/");
        }

        Protect(context);
        var html = who.Roles.Count == 0 ? HomePage.SignIn() : page.Render(who.Tenant);
        return TypedResults.Text(html, "text/html; charset=utf-8");
    }

    private static ContentHttpResult Asset(HttpContext context, string name, string contentType)
    {
        Protect(context);
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream($"Portfolio/Page/{name}")!);
        return TypedResults.Text(reader.ReadToEnd(), contentType);
    }

    private static void Protect(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.CacheControl = "no-store";
    }
}
