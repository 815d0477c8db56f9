using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Package;

namespace Pilotage.Server.Models.Packages;

/// <summary>Taking packages in, and saying what was read out of them.</summary>
internal static class PackageEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("packages", Post).RequirePermission("models.package.write", Scope.Tenant);
        api.MapGet("packages/{digest}", Get).RequirePermission("models.package.read", Scope.Tenant);
    }

    private static IResult Post(PackageBody body, Principal who, IPackages packages, IThings things, IAudit audit)
    {
        var files = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (path, content) in body.Files)
        {
            files[path] = content;
        }

        return packages.Put(who.Tenant, files, body.Site).ToHttp(package =>
        {
            audit.Record(who, "package.put", package.Digest.ToString(), "done");
            foreach (var thing in package.Things)
            {
                things.Offer(who, thing.Name, package.Files[$"things/{thing.Name}.td.json"]);
            }

            return TypedResults.Ok(View(package));
        });
    }

    private static IResult Get(string digest, Principal who, IPackages packages) =>
        Digest.TryParse(digest, out var wanted)
            ? packages.Get(who.Tenant, wanted).ToHttp(package => TypedResults.Ok(View(package)))
            : new Refusal("package.malformed", $"'{digest}' is not a digest.").ToHttp();

    private static PackageView View(UseCasePackage package) => new(
        package.Digest.ToString(),
        package.UseCase.Name,
        package.UseCase.Version,
        package.UseCase.Thing,
        [.. package.Models.Select(model => model.Name)],
        package.Site?.Bind.GetValueOrDefault(package.UseCase.Thing),
        [.. package.Needs.Select(need => need.Name)]);

    /// <summary>The folder as it is: path inside the package to content (base64 in JSON).</summary>
    internal sealed record PackageBody(IReadOnlyDictionary<string, byte[]> Files, string? Site);

    internal sealed record PackageView(
        string Digest, string UseCase, string Version, string Thing, IReadOnlyList<string> Models, string? Bind, IReadOnlyList<string> Missing);
}
