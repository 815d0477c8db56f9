using Pilotage.Core.Contracts.Releases;
using Pilotage.Core.Durability;
using Pilotage.Trust;

namespace Pilotage.Edge.Updates;

/// <summary>
/// Releases on disk: artifacts by content address, and an envelope per release that is written last. An envelope that is there means
/// that everything it names was there and right.
/// </summary>
internal sealed class ReleaseStore(string dataPath, ReleaseTrust trust, string hardware)
{
    private readonly PosixDirectory _releases = new(Path.Combine(dataPath, "releases"));
    private readonly PosixDirectory _artifacts = new(Path.Combine(dataPath, "artifacts"));

    /// <summary>Where artifacts lie, for the worker, which reads and checks them itself.</summary>
    public string ArtifactsPath => _artifacts.FullPath;

    public string EnvelopePath(string release) => Path.Combine(_releases.FullPath, FileOf(release));

    /// <summary>Judges an envelope from a desired state.</summary>
    public Outcome<VerifiedRelease> Verify(ReadOnlyMemory<byte> envelope, long floorSequence) =>
        DsseEnvelope.Parse(envelope).Then(parsed => ReleaseVerifier.Verify(parsed, trust, hardware, floorSequence));

    /// <summary>The staged release, verified again from the bytes on disk, or null when it is not staged.</summary>
    public VerifiedRelease? Find(string release) =>
        AtomicFile.Read(_releases, FileOf(release)) is { } bytes && Verify(bytes, 0).TryGet(out var verified, out _) && verified.Id.Value == release
            ? verified
            : null;

    /// <summary>Whether an artifact lies here, whole and right.</summary>
    public bool Has(ReleaseArtifact artifact) =>
        Digest.TryParse(artifact.Digest, out var digest) && AtomicFile.Read(_artifacts, digest.Hex) is { } bytes
        && ReleaseVerifier.CheckArtifact(artifact, bytes).IsOk;

    /// <summary>Keeps an artifact whose bytes were checked.</summary>
    public void Keep(ReleaseArtifact artifact, ReadOnlySpan<byte> content)
    {
        if (Digest.TryParse(artifact.Digest, out var digest))
        {
            AtomicFile.Write(_artifacts, digest.Hex, content);
        }
    }

    /// <summary>Declares a release staged: from here on it can run without the server.</summary>
    public void Commit(VerifiedRelease release) => AtomicFile.Write(_releases, FileOf(release.Id.Value), release.Envelope.ToJson());

    /// <summary>Removes releases that are not needed, and artifacts no release names.</summary>
    public void Prune(IReadOnlySet<string> needed)
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in _releases.List())
        {
            var release = Path.GetFileNameWithoutExtension(file);
            if (needed.Contains(release) && Find(release) is { } verified)
            {
                kept.UnionWith(verified.Manifest.Artifacts.Select(artifact => artifact.Digest["sha256:".Length..]));
            }
            else
            {
                _releases.Delete(file);
            }
        }

        foreach (var file in _artifacts.List().Where(file => !kept.Contains(file)))
        {
            _artifacts.Delete(file);
        }
    }

    private static string FileOf(string release) => release + ".json";
}
