using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Access;

/// <summary>People, roles, credentials and the audit.</summary>
public static class AccessModule
{
    private const int PageDefault = 100;
    private const int PageMax = 1000;

    /// <summary>Registers what the module is made of.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services) => services
        .AddSingleton<IServerKeys>(provider => provider.GetRequiredService<ServerKeys>())
        .AddSingleton<IServerTls>(provider => provider.GetRequiredService<ServerKeys>())
        .AddSingleton<AdminToken>()
        .AddSingleton<SignIns>()
        .AddSingleton<ISignIn>(provider => provider.GetRequiredService<SignIns>())
        .AddSingleton<Authenticator>()
        .AddSingleton<IAudit, Audit>()
        .AddSingleton<IPeople, People>();

    /// <summary>Maps the module's routes.</summary>
    public static IEndpointRouteBuilder MapAccess(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("access");
        api.MapGet("whoami", (Principal who) => TypedResults.Ok(new WhoAmI(who.Id, who.DisplayName, who.Tenant.Value, who.Roles)))
            .OpenToAll("tells callers who they are, anonymous included");
        api.MapPost("sign-in-links", (Principal who, SignIns signIns, IAudit audit) =>
            {
                audit.Record(who, "access.session.link", who.Id, "done");
                return TypedResults.Ok(signIns.MakeLink());
            })
            .RequirePermission("access.session.write", Scope.Server);
        api.MapGet("people", (Principal who, IPeople people) => TypedResults.Ok(people.All(who.Tenant)))
            .RequirePermission("access.person.read", Scope.Tenant);
        api.MapPut("people/{id}", (string id, PersonBody body, Principal who, IPeople people, HttpRequest request) =>
                people.Put(who, id, body.DisplayName, body.Roles, request.Headers.IfNoneMatch == "*").ToHttp())
            .RequirePermission("access.person.write", Scope.Tenant);
        api.MapDelete("people/{id}", (string id, Principal who, IPeople people) =>
                people.Remove(who, id).ToHttp(_ => TypedResults.NoContent()))
            .RequirePermission("access.person.write", Scope.Tenant);
        api.MapGet("audit", ReadAudit).RequirePermission("access.audit.read", Scope.Tenant);
        api.MapGet("audit/verification", (Principal who, IAudit audit) => audit.Verify(who.Tenant).ToHttp())
            .RequirePermission("access.audit.read", Scope.Tenant);
        api.MapGet("authority", (IServerKeys keys) => TypedResults.Text(keys.Authority.CertificatePem, "application/x-pem-file"))
            .OpenToAll("the authority's certificate is public; an enrolment code pins it");
        api.MapGet("signing-key", (IServerKeys keys) => TypedResults.Text(keys.Signing.Public.ToPem(), "application/x-pem-file"))
            .OpenToAll("the public key that verifies releases, baselines and votes");

        // Made now, so that an exposed token file stops the start and not the first request.
        routes.ServiceProvider.GetRequiredService<AdminToken>();
        return routes;
    }

    private static IResult ReadAudit(long? before, int? limit, Principal who, IAudit audit) =>
        QueryBounds.Place("before", before, long.MaxValue).Then(from =>
            QueryBounds.Limit(limit, PageDefault, PageMax).Then(size =>
                (Outcome<IReadOnlyList<AuditRecord>>)audit.Read(who.Tenant, from, size).ToList())).ToHttp();

    internal sealed record WhoAmI(string Id, string DisplayName, string Tenant, IReadOnlyList<string> Roles);

    internal sealed record PersonBody(string DisplayName, IReadOnlyList<string> Roles);
}
