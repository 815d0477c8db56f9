namespace Pilotage.Core.Durability;

/// <summary>Small files that are either the old or the new content, whole, whatever happens between.</summary>
public static class AtomicFile
{
    /// <summary>What is added to the name while the new content is not yet in place.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>Replaces the file; when this returns the new content survives power loss.</summary>
    public static void Write(IDurableDirectory directory, string name, ReadOnlySpan<byte> bytes)
    {
        var temporary = name + TemporarySuffix;
        if (directory.Exists(temporary))
        {
            // What a crash left, or somebody put there: a file of our own is private from its first byte on.
            directory.Delete(temporary);
        }

        using (var file = directory.Open(temporary, DurableOpen.CreateNew))
        {
            file.Write(0, bytes);
            file.Sync();
        }

        directory.Rename(temporary, name);
        directory.Sync();
    }

    /// <summary>The whole content, or null when there is no such file.</summary>
    public static byte[]? Read(IDurableDirectory directory, string name)
    {
        if (!directory.Exists(name))
        {
            return null;
        }

        using var file = directory.Open(name, DurableOpen.ReadOnly);
        var bytes = new byte[file.Length];
        var count = file.Read(0, bytes);
        return count == bytes.Length ? bytes : bytes[..count];
    }
}
