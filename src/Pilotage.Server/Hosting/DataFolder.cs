using System.Text.Json;

namespace Pilotage.Server.Hosting;

/// <summary>The folder with all state, held by one server: lock file, format marker and the paths inside.</summary>
internal sealed class DataFolder : IDisposable
{
    private const string FormatFile = "format.json";
    private const string LockFile = "server.lock";
    private const string FormatName = "pilotage.data";
    private const int FormatVersion = 1;
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream @lock)
    {
        Root = path;
        _lock = @lock;
    }

    public string Root { get; }

    public string Keys => Make("keys");

    public string Series => Make("series");

    public string Broker => Make("broker");

    public string Artifacts => Make("artifacts");

    public string AdminTokenFile => Path.Combine(Root, "admin.token");

    /// <summary>Takes the folder, or says in one sentence why it cannot be had.</summary>
    public static Outcome<DataFolder> Open(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(full);
            var held = new FileStream(Path.Combine(full, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var refusal = CheckFormat(full);
            if (refusal is null)
            {
                return new DataFolder(full, held);
            }

            held.Dispose();
            return refusal;
        }
        catch (UnauthorizedAccessException failure)
        {
            return NotWritable(full, failure);
        }
        catch (IOException failure) when (File.Exists(Path.Combine(full, LockFile)))
        {
            return new Refusal(
                "server.data_in_use",
                $"Another server uses the data folder {full} ({failure.Message}); stop it, or give another folder with --data.");
        }
        catch (IOException failure)
        {
            return NotWritable(full, failure);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static Refusal? CheckFormat(string folder)
    {
        var path = Path.Combine(folder, FormatFile);
        if (!File.Exists(path))
        {
            File.WriteAllText(path, $"{{\"format\":\"{FormatName}/{FormatVersion}\"}}\n");
            return null;
        }

        var format = ReadFormat(path);
        if (format is null || !format.StartsWith(FormatName + "/", StringComparison.Ordinal)
            || !int.TryParse(format[(FormatName.Length + 1)..], out var version))
        {
            return new Refusal("server.data_unknown", $"{path} does not name a Pilotage data format; is {folder} the right folder?");
        }

        return version <= FormatVersion
            ? null
            : new Refusal(
                "server.data_newer",
                $"The data folder {folder} has format {version}, this version knows up to {FormatVersion}; start the newer version.");
    }

    private static string? ReadFormat(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.GetProperty("format").GetString();
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Refusal NotWritable(string folder, Exception failure) =>
        new("server.data_not_writable", $"The data folder {folder} cannot be written: {failure.Message}");

    private string Make(string name) => Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
}
