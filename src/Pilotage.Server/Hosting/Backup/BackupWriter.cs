using System.Formats.Tar;
using System.Text.Json;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>Writes a backup as it goes: nothing is copied before it is sent.</summary>
internal static class BackupWriter
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes the state of some owners, frozen in their order before the first byte; how many bytes of files that were.</summary>
    public static async Task<long> WriteAsync(Stream output, IEnumerable<IBackedUp> owners, DateTimeOffset taken, string version, CancellationToken cancellation)
    {
        using var frozen = new FrozenFiles(owners);
        var entries = new List<BackupEntry>();
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        await AddAsync(tar, BackupForm.HeadFile, new BackupHead(BackupForm.FormatName, taken, version), taken, cancellation);
        foreach (var file in frozen.Next())
        {
            using (file)
            {
                await using var stream = new HashedStream(file);
                await tar.WriteEntryAsync(Entry(file.Name, stream, taken), cancellation);
                entries.Add(new BackupEntry(file.Name, file.Length, stream.Digest()));
            }
        }

        await AddAsync(tar, BackupForm.DigestsFile, new BackupDigests(entries), taken, cancellation);
        return entries.Sum(entry => entry.Bytes);
    }

    private static async Task AddAsync<T>(TarWriter tar, string name, T content, DateTimeOffset taken, CancellationToken cancellation)
    {
        using var bytes = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(content, BackupForm.Json));
        await tar.WriteEntryAsync(Entry(name, bytes, taken), cancellation);
    }

    private static PaxTarEntry Entry(string name, Stream content, DateTimeOffset taken) =>
        new(TarEntryType.RegularFile, name) { Mode = OwnerOnly, ModificationTime = taken, DataStream = content };
}
