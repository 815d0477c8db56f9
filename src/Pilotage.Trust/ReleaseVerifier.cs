using System.Text.Json;
using Pilotage.Core.Contracts.Releases;

namespace Pilotage.Trust;

/// <summary>A release that passed every check, with the id and digest of the very bytes that were signed.</summary>
public sealed record VerifiedRelease(ReleaseId Id, Digest ManifestDigest, ReleaseManifest Manifest, DsseEnvelope Envelope);

/// <summary>Whom an edge believes about releases: the keys, how many of them must sign, and for which tenant.</summary>
public sealed record ReleaseTrust(IReadOnlyCollection<PublicKey> Keys, int Threshold, TenantId Tenant);

/// <summary>Signs releases, and decides whether a release may run here. The server's word alone is never enough.</summary>
public static class ReleaseVerifier
{
    /// <summary>Binds a manifest to its artifacts in an in-toto statement and signs it.</summary>
    public static DsseEnvelope Sign(ReleaseManifest manifest, SigningKey key)
    {
        var subjects = manifest.Artifacts.Select(artifact => new InTotoSubject(
            $"{artifact.Kind}/{artifact.Name}",
            Digest.TryParse(artifact.Digest, out var digest) ? digest : throw new ArgumentException($"'{artifact.Digest}' is no digest.", nameof(manifest))));
        var predicate = JsonSerializer.SerializeToElement(manifest, ReleaseManifest.JsonType);
        return new InTotoStatement([.. subjects], ReleaseManifest.PredicateType, predicate).Sign(key);
    }

    /// <summary>
    /// Checks signatures, tenant, hardware class, anti-rollback floor and the manifest's own rules, in that order; nothing of the
    /// payload is read before its signature holds.
    /// </summary>
    public static Outcome<VerifiedRelease> Verify(DsseEnvelope envelope, ReleaseTrust trust, string hardware, long floorSequence)
    {
        if (envelope.Payload.Length > ReleaseManifest.PayloadBytesMax)
        {
            return new Refusal("release.too_large", $"The signed payload has {envelope.Payload.Length} bytes; at most {ReleaseManifest.PayloadBytesMax} are read.");
        }

        return InTotoStatement.Verify(envelope, trust.Keys, trust.Threshold, ReleaseManifest.PredicateType)
            .Then(Manifest)
            .Then(manifest => Allowed(manifest, trust, hardware, floorSequence))
            .Then<VerifiedRelease>(manifest =>
            {
                var digest = Digest.Of(envelope.Payload.Span);
                return new VerifiedRelease(ReleaseManifest.IdOf(digest), digest, manifest, envelope);
            });
    }

    /// <summary>Whether these bytes are the artifact. Call it on the very bytes that are loaded, not on a file that may change after.</summary>
    public static Outcome<ReadOnlyMemory<byte>> CheckArtifact(ReleaseArtifact artifact, ReadOnlyMemory<byte> content)
    {
        var matches = content.Length == artifact.Bytes && Digest.Of(content.Span).ToString() == artifact.Digest;
        return matches
            ? content
            : new Refusal("release.digest_mismatch", $"Artifact '{artifact.Kind}/{artifact.Name}' is not the one that was signed: digest or length differ.");
    }

    private static Outcome<ReleaseManifest> Manifest(InTotoStatement statement) =>
        ReleaseManifest.Parse(CanonicalJson.Of(statement.Predicate)).Then(manifest => SubjectsMatch(statement, manifest));

    // What is signed twice must say the same twice: a subject list that differs from the manifest is somebody's trick.
    private static Outcome<ReleaseManifest> SubjectsMatch(InTotoStatement statement, ReleaseManifest manifest)
    {
        var subjects = statement.Subjects.Select(subject => (subject.Name, subject.Digest.ToString())).ToHashSet();
        var artifacts = manifest.Artifacts.Select(artifact => ($"{artifact.Kind}/{artifact.Name}", artifact.Digest)).ToHashSet();
        return subjects.SetEquals(artifacts) && statement.Subjects.Count == manifest.Artifacts.Count
            ? manifest
            : new Refusal("release.subjects_differ", "The statement's subjects are not the manifest's artifacts.");
    }

    private static Outcome<ReleaseManifest> Allowed(ReleaseManifest manifest, ReleaseTrust trust, string hardware, long floorSequence)
    {
        if (manifest.Tenant != trust.Tenant.Value)
        {
            return new Refusal("release.wrong_tenant", $"The release belongs to tenant '{manifest.Tenant}'; this edge to '{trust.Tenant}'.");
        }

        if (!manifest.Hardware.Contains(hardware))
        {
            return new Refusal("release.wrong_hardware", $"The release is for {string.Join(", ", manifest.Hardware)}; this edge is {hardware}.");
        }

        return manifest.Sequence < floorSequence
            ? new Refusal("release.rolled_back", $"The release has sequence {manifest.Sequence}; this edge runs {floorSequence} and does not go back. Make a new release of the old artifacts.")
            : manifest;
    }
}
