using System.Text.Json;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Package;

namespace Pilotage.Server.Models.Packages;

/// <summary>Packages kept file by file in the artifact store, with one row that says which files and which site.</summary>
internal sealed class PackageStore(ICatalogue catalogue, IArtifactStore artifacts, TimeProvider time) : IPackages
{
    public Outcome<UseCasePackage> Put(TenantId tenant, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, string? site)
    {
        // What was stored before is read as it is; what comes is held to the rule that the CLI holds its folders to.
        if (PackageFiles.WhyNot(files.Keys, site) is { } foreign)
        {
            return foreign;
        }

        if (!PackageReader.Read(files, site ?? DefaultSite).TryGet(out var package, out var refusal))
        {
            return refusal;
        }

        if (Conflict(tenant, package) is { } conflict)
        {
            return conflict;
        }

        var kept = files.ToDictionary(file => file.Key, file => artifacts.Put(file.Value.Span).ToString(), StringComparer.Ordinal);
        catalogue.Write((connection, _) => connection.Execute(
            """
            INSERT INTO models_packages (tenant, digest, use_case, site, files, at_ns) VALUES ($tenant, $digest, $useCase, $site, $files, $at)
            ON CONFLICT (tenant, digest) DO UPDATE SET site = excluded.site, files = excluded.files, at_ns = excluded.at_ns
            """,
            ("$tenant", tenant.Value),
            ("$digest", package.Digest.ToString()),
            ("$useCase", package.UseCase.Name),
            ("$site", site ?? DefaultSite),
            ("$files", JsonSerializer.Serialize(kept)),
            ("$at", time.NowNs())));
        return package;
    }

    public Outcome<UseCasePackage> Get(TenantId tenant, Digest package) =>
        Load(tenant, "digest = $key", package.ToString(), $"There is no package {package} here; send it with POST /api/v1/packages.");

    public Outcome<UseCasePackage> Latest(TenantId tenant, string useCase) =>
        Load(tenant, "use_case = $key", useCase, $"No package was taken in for a use case '{useCase}'; send it with POST /api/v1/packages.");

    private const string DefaultSite = "site.yaml";

    /// <summary>Rollouts take the package that came last, so that one must be the newest; one that can no longer be read is in nobody's way.</summary>
    private Refusal? Conflict(TenantId tenant, UseCasePackage package) =>
        Latest(tenant, package.UseCase.Name).TryGet(out var there, out _)
            ? PackageVersion.Conflict(
                package.UseCase.Name, (there.UseCase.Version, there.Digest.ToString()), (package.UseCase.Version, package.Digest.ToString()))
            : null;

    private Outcome<UseCasePackage> Load(TenantId tenant, string condition, string key, string missing)
    {
        var row = catalogue.Read(connection => connection.QueryFirst(
            $"SELECT site, files FROM models_packages WHERE tenant = $tenant AND {condition} ORDER BY at_ns DESC LIMIT 1",
            found => (Site: found.GetString(0), Files: found.GetString(1)),
            ("$tenant", tenant.Value),
            ("$key", key)));
        if (row.Files is null)
        {
            return new Refusal("package.not_found", missing);
        }

        var files = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (path, digest) in JsonSerializer.Deserialize<Dictionary<string, string>>(row.Files)!)
        {
            _ = Digest.TryParse(digest, out var content);
            if (!artifacts.Read(content).TryGet(out var bytes, out var refusal))
            {
                return refusal;
            }

            files[path] = bytes;
        }

        return PackageReader.Read(files, row.Site);
    }
}
