using Pilotage.Core.Durability;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>Backups without a server: what is in one, and a data folder made of it.</summary>
public static class Backups
{
    private const string PartSuffix = ".restoring";

    /// <summary>Reads a backup and holds every file against its digest.</summary>
    public static async Task<Outcome<BackupReport>> VerifyAsync(Stream archive, CancellationToken cancellation) =>
        (await BackupReader.ReadAsync(archive, static _ => Stream.Null, cancellation)).Then(read => (Outcome<BackupReport>)ReportOf(read.Head, read.Files, null));

    /// <summary>
    /// Makes a data folder of a backup: beside its place first, every file synced, then opened and every point read; only then it takes its place. A place that holds something is refused.
    /// </summary>
    public static async Task<Outcome<BackupReport>> RestoreAsync(Stream archive, string place, CancellationToken cancellation)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(place));
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
        {
            return new Refusal("server.backup.exists", $"{target} is not empty; give a folder that is not there yet, or move this one away.");
        }

        var part = target + PartSuffix;
        if (Directory.Exists(part))
        {
            return new Refusal("server.backup.exists", $"{part} is there: another restore is under way, or was broken off. If none is, remove it and start again.");
        }

        try
        {
            var restored = await FillAsync(archive, new PosixDirectory(part), cancellation);
            if (restored.IsOk)
            {
                if (Directory.Exists(target))
                {
                    Directory.Delete(target);
                }

                var parent = new PosixDirectory(Path.GetDirectoryName(target)!);
                parent.Rename(Path.GetFileName(part), Path.GetFileName(target));
                parent.Sync();
            }

            return restored;
        }
        finally
        {
            if (Directory.Exists(part))
            {
                Directory.Delete(part, recursive: true);
            }
        }
    }

    private static async Task<Outcome<BackupReport>> FillAsync(Stream archive, PosixDirectory part, CancellationToken cancellation)
    {
        var folders = new Dictionary<string, IDurableDirectory>(StringComparer.Ordinal) { [""] = part };
        var read = await BackupReader.ReadAsync(archive, path => new DurableStream(FolderOf(folders, Path.GetDirectoryName(path)!), Path.GetFileName(path)), cancellation);
        if (!read.TryGet(out var whole, out var refusal))
        {
            return refusal;
        }

        foreach (var folder in folders.Values)
        {
            folder.Sync();
        }

        return (await CheckAsync(part.FullPath, whole.Head.Taken, cancellation)).Then(store => (Outcome<BackupReport>)ReportOf(whole.Head, whole.Files, store));
    }

    private static IDurableDirectory FolderOf(Dictionary<string, IDurableDirectory> folders, string path)
    {
        if (!folders.TryGetValue(path, out var folder))
        {
            folders[path] = folder = FolderOf(folders, Path.GetDirectoryName(path)!).Sub(Path.GetFileName(path));
        }

        return folder;
    }

    /// <summary>Opens what was restored as a server would, reads all of it, and leaves word that it is no first life.</summary>
    private static async Task<Outcome<RestoredStore>> CheckAsync(string path, DateTimeOffset taken, CancellationToken cancellation)
    {
        if (!DataFolder.Open(path).TryGet(out var folder, out var refusal))
        {
            return refusal;
        }

        using (folder)
        {
            using var catalogue = new Catalogue(folder.Root);
            if (catalogue.Read(connection => connection.QueryFirst("PRAGMA integrity_check", row => row.GetString(0))) is not "ok" and var wrong)
            {
                return new Refusal("server.backup.invalid", $"The catalogue in it is damaged: {wrong}. Nothing of it is used.");
            }

            // Nothing is merged meanwhile: it is only looked at.
            await using var store = TimeSeriesStore.Open(folder.Series, new TimeSeriesOptions { HasRoomFor = static _ => false }, TimeProvider.System);
            var check = store.Check(cancellation);
            folder.MarkRestored(taken);
            return new RestoredStore(check.Series, check.Points, check.Noticed, [.. check.Damages.Select(StoreMending.Sentence)]);
        }
    }

    private static BackupReport ReportOf(BackupHead head, IReadOnlyList<BackupEntry> files, RestoredStore? store) =>
        new(head.Taken, head.Version, files.Count, files.Sum(file => file.Bytes), store);
}
