using System.Security.Cryptography;
using Pilotage.Core.Durability;
using Pilotage.Server.Hosting;
using Pilotage.Server.Hosting.Backup;
using Pilotage.Server.Models.Contracts;

namespace Pilotage.Server.Models.Artifacts;

/// <summary>Artifacts as files named by their SHA-256, in 256 folders by the first byte.</summary>
internal sealed class ArtifactStore(DataFolder folder) : IArtifactStore
{
    private const int ShardLength = 2;
    private readonly PosixDirectory _root = folder.Artifacts;

    public Digest Put(ReadOnlySpan<byte> bytes)
    {
        var digest = Digest.Of(bytes);
        var shard = Shard(digest);
        if (!shard.Exists(digest.Hex))
        {
            AtomicFile.Write(shard, digest.Hex, bytes);
        }

        return digest;
    }

    /// <summary>All artifacts, opened one after the other: they are written once.</summary>
    public IEnumerable<FrozenFile> Freeze()
    {
        foreach (var shard in Directory.GetDirectories(_root.FullPath).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal))
        {
            foreach (var file in BackedUp.FilesOf(_root.Sub(shard), $"{DataFolder.ArtifactsFolder}/{shard}"))
            {
                yield return file;
            }
        }
    }

    public bool Exists(Digest digest) => File.Exists(PathOf(digest));

    public Outcome<byte[]> Read(Digest digest)
    {
        if (!Exists(digest))
        {
            return NotFound(digest);
        }

        var bytes = AtomicFile.Read(Shard(digest), digest.Hex) ?? [];
        return Digest.Of(bytes) == digest ? bytes : Altered(digest);
    }

    public Outcome<Stream> Open(Digest digest)
    {
        if (!Exists(digest))
        {
            return NotFound(digest);
        }

        // Whoever reads it has a buffer of its own.
        var file = new FileStream(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (Digest.FromHash(SHA256.HashData(file)) != digest)
        {
            file.Dispose();
            return Altered(digest);
        }

        file.Position = 0;
        return file;
    }

    private static Refusal NotFound(Digest digest) => new("artifact.not_found", $"There is no artifact {digest} here.");

    private static Refusal Altered(Digest digest) => new("artifact.altered", $"The file of artifact {digest} no longer has that digest; it was altered on disk and is not served.");

    internal string PathOf(Digest digest) => Path.Combine(_root.FullPath, digest.Hex[..ShardLength], digest.Hex);

    private IDurableDirectory Shard(Digest digest) => _root.Sub(digest.Hex[..ShardLength]);
}
