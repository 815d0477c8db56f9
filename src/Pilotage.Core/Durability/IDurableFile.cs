namespace Pilotage.Core.Durability;

/// <summary>A file whose bytes survive power loss once <see cref="Sync"/> has returned.</summary>
/// <remarks>
/// A failed <see cref="Sync"/> is final for what was written before it: the system may have dropped those bytes and a
/// second call may succeed without them, so nobody retries it.
/// </remarks>
public interface IDurableFile : IDisposable
{
    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads up to the span's length; less only at the end of the file.</summary>
    int Read(long offset, Span<byte> into);

    /// <summary>Writes all bytes at an offset; after an exception a part of them may stand in the file.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts or extends the file.</summary>
    void Truncate(long length);

    /// <summary>Makes content and length durable (fdatasync).</summary>
    void Sync();
}
