using Pilotage.Core.Durability;

namespace Pilotage.Testing;

/// <summary>A folder that never syncs, for the self-check of a power-cut harness: with this it must report loss.</summary>
public sealed class UnsyncedDirectory(IDurableDirectory inner) : IDurableDirectory
{
    public IDurableFile Open(string name, DurableOpen mode) => new UnsyncedFile(inner.Open(name, mode));

    public bool Exists(string name) => inner.Exists(name);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string name) => inner.Delete(name);

    public void HardLink(string from, string to) => inner.HardLink(from, to);

    public IReadOnlyList<string> List() => inner.List();

    public void Sync()
    {
    }

    public IDurableDirectory Sub(string name) => new UnsyncedDirectory(inner.Sub(name));

    private sealed class UnsyncedFile(IDurableFile inner) : IDurableFile
    {
        public long Length => inner.Length;

        public int Read(long offset, Span<byte> into) => inner.Read(offset, into);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => inner.Write(offset, bytes);

        public void Truncate(long length) => inner.Truncate(length);

        public void Sync()
        {
        }

        public void Dispose() => inner.Dispose();
    }
}
