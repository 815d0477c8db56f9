using System.Text;
using Microsoft.Data.Sqlite;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;
using Pilotage.Trust;

namespace Pilotage.Server.Rollouts;

/// <summary>A release as the server keeps it.</summary>
internal sealed record StoredRelease(string Release, string UseCase, string Name, string Version, long Sequence, string ManifestDigest, string Envelope, long CreatedNs)
{
    /// <summary>The manifest inside the envelope; this server signed it.</summary>
    public ReleaseManifest Manifest()
    {
        var envelope = DsseEnvelope.Parse(Encoding.UTF8.GetBytes(Envelope)).Value;
        return InTotoStatement.Read(envelope.Payload.ToArray()).Then(statement => ReleaseManifest.Parse(Encoding.UTF8.GetBytes(statement.Predicate.GetRawText()))).Value;
    }
}

/// <summary>Binds artifacts into signed releases, and keeps them. A release is never changed.</summary>
internal sealed class ReleaseBook(ICatalogue catalogue, IArtifactStore artifacts, IServerKeys keys, ILineage lineage, TimeProvider time)
{
    private const string Columns = "release, use_case, name, version, sequence, manifest_digest, envelope, created_ns";

    /// <summary>Signs a manifest; sequence, tenant and time are set here, and every artifact must lie in the store.</summary>
    public Outcome<StoredRelease> Sign(TenantId tenant, ReleaseManifest draft)
    {
        var contents = new List<ReleaseArtifact>();
        foreach (var artifact in draft.Artifacts)
        {
            if (!Digest.TryParse(artifact.Digest, out var digest) || !artifacts.Read(digest).TryGet(out var bytes, out _))
            {
                return new Refusal("release.missing_artifact", $"Artifact '{artifact.Kind}/{artifact.Name}' ({artifact.Digest}) is not in the store; put it there first.");
            }

            contents.Add(artifact with { Bytes = bytes.Length });
        }

        var nowNs = time.NowNs();
        return catalogue.Write<Outcome<StoredRelease>>((connection, _) =>
        {
            var sequence = 1 + connection.Scalar(
                "SELECT MAX(sequence) FROM rollouts_releases WHERE tenant = $tenant AND use_case = $useCase",
                ("$tenant", tenant.Value), ("$useCase", draft.UseCase));
            var manifest = draft with { Tenant = tenant.Value, Sequence = sequence, CreatedNs = nowNs, Artifacts = contents };
            if (!ReleaseManifest.Parse(manifest.ToJson()).TryGet(out manifest, out var refusal))
            {
                return refusal;
            }

            var envelope = ReleaseVerifier.Sign(manifest, keys.Signing);
            var digest = Digest.Of(envelope.Payload.Span);
            var release = new StoredRelease(
                ReleaseManifest.IdOf(digest).Value, manifest.UseCase, manifest.Name, manifest.Version, sequence, digest.ToString(),
                Encoding.UTF8.GetString(envelope.ToJson()), nowNs);
            Insert(connection, tenant, release);
            return release;
        }).Then(release => Trace(tenant, release));
    }

    public Outcome<StoredRelease> Get(TenantId tenant, string release) =>
        catalogue.Read(connection => connection.QueryFirst(
            $"SELECT {Columns} FROM rollouts_releases WHERE tenant = $tenant AND release = $release", Row, ("$tenant", tenant.Value), ("$release", release)))
        is { } found ? found : new Refusal("release.not_found", $"There is no release '{release}'; GET /api/v1/releases lists them.");

    public IReadOnlyList<StoredRelease> List(TenantId tenant) => catalogue.Read(connection => connection.Query(
        $"SELECT {Columns} FROM rollouts_releases WHERE tenant = $tenant ORDER BY created_ns DESC, sequence DESC", Row, ("$tenant", tenant.Value)));

    private static void Insert(SqliteConnection connection, TenantId tenant, StoredRelease release) => connection.Execute(
        $"INSERT INTO rollouts_releases (tenant, {Columns}) VALUES ($tenant, $release, $useCase, $name, $version, $sequence, $digest, $envelope, $created)",
        ("$tenant", tenant.Value), ("$release", release.Release), ("$useCase", release.UseCase), ("$name", release.Name), ("$version", release.Version),
        ("$sequence", release.Sequence), ("$digest", release.ManifestDigest), ("$envelope", release.Envelope), ("$created", release.CreatedNs));

    private Outcome<StoredRelease> Trace(TenantId tenant, StoredRelease release)
    {
        var node = new NodeRef(NodeKind.Release, release.Release);
        var edges = release.Manifest().Models.Select(model => new LineageEdge(
            new NodeRef(NodeKind.Model, release.Manifest().Find(ArtifactKind.Model, model.Name)!.Digest), "bound in", node, release.CreatedNs,
            new Dictionary<string, string> { ["model"] = $"{model.Name}@{model.Version}", ["manifest"] = release.ManifestDigest }));
        lineage.Append(tenant, [.. edges]);
        return release;
    }

    private static StoredRelease Row(SqliteDataReader reader) => new(
        reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetInt64(4), reader.GetString(5), reader.GetString(6), reader.GetInt64(7));
}
