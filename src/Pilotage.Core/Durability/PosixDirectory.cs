namespace Pilotage.Core.Durability;

/// <summary>A folder of the operating system; files are private to the owner (0600, folders 0700).</summary>
public sealed class PosixDirectory : IDurableDirectory
{
    internal const uint FileMode = 0x180;      // rw-------
    private const uint DirectoryMode = 0x1C0;  // rwx------

    /// <summary>Opens the folder, creating it and its parents durably when missing.</summary>
    public PosixDirectory(string path)
    {
        FullPath = Path.GetFullPath(path);
        CreateMissing(FullPath);
    }

    /// <summary>The absolute path.</summary>
    public string FullPath { get; }

    /// <inheritdoc/>
    public IDurableFile Open(string name, DurableOpen mode) => new PosixFile(Of(name), mode);

    /// <inheritdoc/>
    public bool Exists(string name) => File.Exists(Of(name));

    /// <inheritdoc/>
    public void Rename(string from, string to) => Check(Libc.Rename(Of(from), Of(to)), "rename", from);

    /// <inheritdoc/>
    public void Delete(string name) => Check(Libc.Unlink(Of(name)), "unlink", name);

    /// <inheritdoc/>
    public void HardLink(string from, string to) => Check(Libc.Link(Of(from), Of(to)), "link", from);

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        var names = Directory.GetFiles(FullPath).Select(path => Path.GetFileName(path)).ToArray();
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <inheritdoc/>
    public void Sync() => SyncPath(FullPath);

    /// <inheritdoc/>
    public IDurableDirectory Sub(string name) => new PosixDirectory(Of(name));

    private static void CreateMissing(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        var parent = Path.GetDirectoryName(path) ?? throw new StorageException(StorageFault.NotFound, path);
        CreateMissing(parent);
        if (Libc.MakeDirectory(path, DirectoryMode) != 0)
        {
            // Before anything else is called, which would leave another error.
            var refused = Libc.Failure("mkdir", path);
            if (!Directory.Exists(path))
            {
                throw refused;
            }
        }

        SyncPath(parent);
    }

    private static void SyncPath(string path)
    {
        var descriptor = Libc.Open(path, Libc.ReadOnly | Libc.CloseOnExec, 0);
        if (descriptor < 0)
        {
            throw Libc.Failure("open", path);
        }

        try
        {
            if (Libc.Sync(descriptor) != 0)
            {
                throw Libc.Failure("fsync", path);
            }
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    private static void Check(int answer, string call, string name)
    {
        if (answer != 0)
        {
            throw Libc.Failure(call, name);
        }
    }

    private string Of(string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.Contains('/', StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{name}' is not a single path segment.", nameof(name));
        }

        return Path.Combine(FullPath, name);
    }
}
