using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>Reads a backup to its end and holds every file against its digest.</summary>
internal static partial class BackupReader
{
    private const int CopyBytes = 128 * 1024;
    private const string NoBackup = "It is no backup of Pilotage: it does not begin with " + BackupForm.HeadFile;
    private const int JsonBytesMax = 256 * 1024 * 1024;

    /// <summary>Reads all of it.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="open">Where a file goes; disposed when it has all of it.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Outcome<(BackupHead Head, IReadOnlyList<BackupEntry> Files)>> ReadAsync(Stream archive, Func<string, Stream> open, CancellationToken cancellation)
    {
        await using var tar = new TarReader(archive, leaveOpen: true);
        string? last = null;
        try
        {
            if (await NextAsync(tar, cancellation) is not { Name: BackupForm.HeadFile } first || await JsonOfAsync<BackupHead>(first, cancellation) is not { } head)
            {
                return Not(NoBackup);
            }

            if (head.Format != BackupForm.FormatName)
            {
                return Not($"It has the format {head.Format}, and this version reads {BackupForm.FormatName}; take the version that made it, {head.Version}");
            }

            last = BackupForm.HeadFile;
            var files = new List<BackupEntry>();
            while (await NextAsync(tar, cancellation) is { } entry)
            {
                if (entry.Name == BackupForm.DigestsFile)
                {
                    return await JsonOfAsync<BackupDigests>(entry, cancellation) is not { Files: { } expected } ? Not("Its list of digests cannot be read")
                        : WhyNot(files, expected) is { } why ? Not(why)
                        : await NextAsync(tar, cancellation) is { } behind ? Not($"It holds {behind.Name} behind its end")
                        : (head, files);
                }

                if (!IsPath(entry.Name))
                {
                    return Not($"It holds \"{entry.Name}\", which is no file of a data folder");
                }

                if (files.Exists(file => file.Path == entry.Name))
                {
                    return Not($"It holds {entry.Name} twice");
                }

                last = entry.Name;
                files.Add(await CopyAsync(entry, open, cancellation));
            }
        }
        catch (Exception broken) when (broken is InvalidDataException or EndOfStreamException or FormatException or JsonException or ArgumentException or NotSupportedException or OverflowException)
        {
            return Not(last is null ? NoBackup : $"It is damaged behind {last}: {broken.Message.TrimEnd('.')}");
        }

        return Not($"It breaks off behind {last}: what was written is not all of it");
    }

    /// <summary>The next file; anything that is none is refused.</summary>
    private static async Task<TarEntry?> NextAsync(TarReader tar, CancellationToken cancellation)
    {
        var entry = await tar.GetNextEntryAsync(copyData: false, cancellation);
        return entry is null or { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile }
            ? entry
            : throw new InvalidDataException($"{entry.Name} is a {entry.EntryType}, and only files are expected");
    }

    private static async Task<BackupEntry> CopyAsync(TarEntry entry, Func<string, Stream> open, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var into = open(entry.Name);
        var (buffer, bytes) = (new byte[CopyBytes], 0L);
        while (entry.DataStream is { } data && await data.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            hash.AppendData(buffer.AsSpan(0, count));
            await into.WriteAsync(buffer.AsMemory(0, count), cancellation);
            bytes += count;
        }

        return new BackupEntry(entry.Name, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static async Task<T?> JsonOfAsync<T>(TarEntry entry, CancellationToken cancellation)
        where T : class => entry.Length <= JsonBytesMax && entry.DataStream is { } data
            ? await JsonSerializer.DeserializeAsync<T>(data, BackupForm.Json, cancellation)
            : null;

    /// <summary>What is not as it was written; null where all is.</summary>
    private static string? WhyNot(List<BackupEntry> found, IReadOnlyList<BackupEntry> expected)
    {
        var rest = found.ToDictionary(file => file.Path, StringComparer.Ordinal);
        foreach (var file in expected)
        {
            if (!rest.Remove(file.Path, out var there))
            {
                return $"{file.Path} is missing";
            }

            if (there != file)
            {
                return $"{file.Path} is not what was written: it has {there.Bytes:N0} bytes with the digest {there.Sha256}, and had {file.Bytes:N0} with {file.Sha256}";
            }
        }

        return rest.Count == 0 ? null : $"{rest.Keys.First()} was added";
    }

    private static Refusal Not(string says) => new("server.backup.invalid", $"{says}. Nothing of it is used.");

    /// <summary>At most three levels of plain names: nothing leads out of the folder.</summary>
    private static bool IsPath(string name) => PathForm().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal);

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,2}\z")]
    private static partial Regex PathForm();
}
