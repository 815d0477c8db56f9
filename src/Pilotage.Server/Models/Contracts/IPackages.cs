using Pilotage.Server.Package;

namespace Pilotage.Server.Models.Contracts;

/// <summary>Use-case packages that were taken in, each by the digest of its published files and bound to one site.</summary>
public interface IPackages
{
    /// <summary>Checks and keeps a package, every fault named with file, line and column; an older version, or other content under the same, is refused.</summary>
    /// <param name="site">Name of the site file inside, or null for <c>site.yaml</c>.</param>
    Outcome<UseCasePackage> Put(TenantId tenant, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, string? site);

    /// <summary>A package by its digest, as it was bound last.</summary>
    Outcome<UseCasePackage> Get(TenantId tenant, Digest package);

    /// <summary>The package that was taken in last under a use case's name.</summary>
    Outcome<UseCasePackage> Latest(TenantId tenant, string useCase);
}
