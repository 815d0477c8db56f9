using System.Text;
using System.Text.Json;
using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting;

/// <summary>The folder with all state, held by one server: lock file, format marker and the paths inside.</summary>
internal sealed class DataFolder : IDisposable
{
    public const string TokenFile = "admin.token";
    public const string KeysFolder = "keys";
    public const string SeriesFolder = "series";
    public const string BrokerFolder = "broker";
    public const string ArtifactsFolder = "artifacts";
    public const string PipelinesFolder = "pipelines";
    private const string FormatFile = "format.json";
    private const string LockFile = "server.lock";
    private const string RestoredFile = "restored.json";
    private const string FormatName = "pilotage.data";

    // 2: series hold other values than doubles. 3: columns of a block are read each by itself, and summed up.
    private const int FormatVersion = 3;

    private readonly FolderLock _lock;

    private DataFolder(string path, Disk disk, FolderLock @lock)
    {
        Root = path;
        Disk = disk;
        _lock = @lock;
        Files = disk.Open(path);
        Keys = disk.Open(Path.Combine(path, KeysFolder));
        Series = disk.Open(Path.Combine(path, SeriesFolder));
        Broker = disk.Open(Path.Combine(path, BrokerFolder));
        Pipelines = disk.Open(Path.Combine(path, PipelinesFolder));
        Artifacts = new PosixDirectory(Path.Combine(path, ArtifactsFolder));

        // A start that was killed may have made the folders and gone before it synced them.
        Files.Sync();
    }

    public string Root { get; }

    public Disk Disk { get; }

    /// <summary>The folder itself: token and format.</summary>
    public IDurableDirectory Files { get; }

    public IDurableDirectory Keys { get; }

    public IDurableDirectory Series { get; }

    public IDurableDirectory Broker { get; }

    /// <summary>How far each pipeline is, and what its windows hold.</summary>
    public IDurableDirectory Pipelines { get; }

    public PosixDirectory Artifacts { get; }

    /// <summary>Takes the folder, or says in one sentence why it cannot be had.</summary>
    public static Outcome<DataFolder> Open(string path, Disk? disk = null)
    {
        var full = Path.GetFullPath(path);
        if (File.Exists(full))
        {
            return new Refusal("server.data_not_folder", $"{full} is a file, not a folder; give a folder with --data.");
        }

        FolderLock? held = null;
        try
        {
            _ = new PosixDirectory(full);
            held = FolderLock.TryTake(full, LockFile);
            if (held is null)
            {
                return new Refusal(
                    "server.data_in_use", $"Another server uses the data folder {full}; stop it, or give another folder with --data.");
            }

            var folder = new DataFolder(full, disk ?? new Disk(), held);
            if (CheckFormat(folder) is not { } refusal)
            {
                return folder;
            }

            held.Dispose();
            return refusal;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            return StorageFaults.IsFull(failure)
                ? new Refusal("server.data_full", $"The disk of the data folder {full} is full; free some space and start again.")
                : new Refusal(
                    "server.data_not_writable",
                    $"The data folder {full} cannot be written: {failure.Message.TrimEnd('.')}. Give a folder that this user may write to with --data.");
        }
    }

    /// <summary>Whether it was made of a backup and no server has taken note of that yet: the one that the backup was taken of may run still.</summary>
    public bool IsRestored => AtomicFile.Read(Files, RestoredFile) is not null;

    /// <summary>Says that it was made of a backup.</summary>
    public void MarkRestored(DateTimeOffset taken) => AtomicFile.Write(Files, RestoredFile, Encoding.UTF8.GetBytes($"{{\"taken\":\"{taken:O}\"}}\n"));

    /// <summary>What follows from it is on disk, and the next start is as any other.</summary>
    public void ForgetRestored()
    {
        Files.Delete(RestoredFile);
        Files.Sync();
    }

    /// <summary>Whether a file that stands in the folder itself goes with it wherever it is moved: the catalogue is copied in its own way, the lock is not.</summary>
    public static bool IsKept(string file) => file is FormatFile or TokenFile;

    public void Dispose() => _lock.Dispose();

    private static Refusal? CheckFormat(DataFolder folder)
    {
        var path = Path.Combine(folder.Root, FormatFile);
        if (AtomicFile.Read(folder.Files, FormatFile) is not { } bytes)
        {
            WriteFormat(folder);
            return null;
        }

        var format = FormatOf(bytes);
        if (format is null || !format.StartsWith(FormatName + "/", StringComparison.Ordinal)
            || !int.TryParse(format[(FormatName.Length + 1)..], out var version))
        {
            return new Refusal(
                "server.data_unknown",
                $"{path} does not name a Pilotage data format, so {folder.Root} may be somebody else's; give the right folder with --data.");
        }

        if (version > FormatVersion)
        {
            return new Refusal(
                "server.data_newer",
                $"The data folder {folder.Root} has format {version}, this version knows up to {FormatVersion}; start the newer version.");
        }

        if (version < FormatVersion)
        {
            // Everything of an older format is read as it is; from here on, something may be written that an older version takes for damage.
            WriteFormat(folder);
        }

        return null;
    }

    private static void WriteFormat(DataFolder folder) =>
        AtomicFile.Write(folder.Files, FormatFile, Encoding.UTF8.GetBytes($"{{\"format\":\"{FormatName}/{FormatVersion}\"}}\n"));

    private static string? FormatOf(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.GetProperty("format").GetString();
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
