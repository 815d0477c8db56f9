namespace Pilotage.Server.Models.Contracts;

/// <summary>Content-addressed bytes: models, packages, datasets, golden sets. Immutable, never trusted by name.</summary>
public interface IArtifactStore
{
    /// <summary>Keeps bytes; on disk when this returns. Bytes that are there already cost nothing.</summary>
    Digest Put(ReadOnlySpan<byte> bytes);

    /// <summary>Whether the bytes are here.</summary>
    bool Exists(Digest digest);

    /// <summary>The bytes, hashed again on the way out: what was altered on disk is refused, not served.</summary>
    Outcome<byte[]> Read(Digest digest);

    /// <summary>The same for what is too large to be held whole: hashed piece by piece first, then read from its beginning or anywhere. Whoever asks disposes of it.</summary>
    Outcome<Stream> Open(Digest digest);
}
