using System.Text;
using Pilotage.Core.Durability;

namespace Pilotage.Trust;

/// <summary>Files only their owner may read: keys and tokens, mode 0600, replaced whole.</summary>
public static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes text so that readers see the old or the new, never half; the new survives power loss.</summary>
    /// <exception cref="StorageException">The disk refused; the old file, if there was one, still stands.</exception>
    public static void Write(IDurableDirectory directory, string name, string text) =>
        AtomicFile.Write(directory, name, Encoding.UTF8.GetBytes(text));

    /// <summary>The whole text, or null when there is no such file.</summary>
    public static string? Read(IDurableDirectory directory, string name) =>
        AtomicFile.Read(directory, name) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Whether anyone but the owner may read the file.</summary>
    public static bool IsReadableByOthers(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != 0;
}
