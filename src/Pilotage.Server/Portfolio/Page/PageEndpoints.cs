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
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", Home).OpenToAll("without a session it shows how to sign in and nothing else").ExcludeFromDescription();
        routes.MapGet("/page.js", (HttpContext context) => Asset(context, "page.js", "text/javascript")).OpenToAll("the script holds no data").ExcludeFromDescription();
        routes.MapGet("/page.css", (HttpContext context) => Asset(context, "page.css", "text/css")).OpenToAll("the style sheet holds no data").ExcludeFromDescription();
    }

    private static IResult Home(HttpContext context, string? code, string? token, Principal who, ISignIn signIn, HomePage page)
    {
        Protect(context);
        if (code is null && token is null)
        {
            return Html(who.Roles.Count == 0 ? HomePage.SignIn(refused: false) : page.Render(who.Tenant));
        }

        if (signIn.SessionFor(code, token) is not { } session)
        {
            return Html(HomePage.SignIn(refused: true), StatusCodes.Status403Forbidden);
        }

        // Out of the address at once, so that it lands in no history and no log of a proxy. Lax, because a link is followed from elsewhere.
        context.Response.Cookies.Append(
            SessionCookie.Name,
            session,
            new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = context.Request.IsHttps, Path = "/", MaxAge = signIn.Lifetime });
        return TypedResults.Redirect("/");
    }

    private static ContentHttpResult Html(string text, int status = StatusCodes.Status200OK) => TypedResults.Text(text, "text/html; charset=utf-8", statusCode: status);

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
