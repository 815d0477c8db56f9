using System.Net;
using System.Net.Sockets;
using Pilotage.System.Limits;
using Pilotage.Testing;

namespace Pilotage.System.Sources;

/// <summary>Debian's mosquitto as the broker of a plant, with its sessions on disk; killed and started again on the same port.</summary>
internal sealed class MosquittoBroker : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private const int SaveSignal = 10;
    private readonly string _folder;
    private readonly string _config;
    private ChildProcess? _process;

    private MosquittoBroker(string folder, int port, string config) => (_folder, Port, _config) = (folder, port, config);

    public int Port { get; }

    private string Database => Path.Combine(_folder, "mosquitto.db");

    /// <summary>Starts one on a free port.</summary>
    /// <param name="folder">Where its sessions lie.</param>
    /// <param name="more">Lines of its configuration; without any, everybody is let in.</param>
    public static async Task<MosquittoBroker> StartAsync(string folder, params string[] more)
    {
        var port = FreePort();
        var config = Path.Combine(folder, "mosquitto.conf");
        string[] lines =
        [
            $"listener {port} 127.0.0.1", .. more.Length == 0 ? ["allow_anonymous true"] : more,
            "persistence true", $"persistence_location {folder}/", "autosave_interval 0", "max_queued_messages 0", "max_inflight_messages 0", "log_dest stderr", .. RunsAsRoot(),
        ];
        await File.WriteAllLinesAsync(config, lines);
        var broker = new MosquittoBroker(folder, port, config);
        await broker.StartAsync();
        return broker;
    }

    /// <summary>Starts it again, with the sessions as it last saved them.</summary>
    public async Task StartAsync()
    {
        _process = ChildProcess.Start("mosquitto", ["-c", _config]);
        await Eventually.HoldsAsync(AnswersAsync, Patience, $"mosquitto on port {Port}: {_process.Errors}");
    }

    /// <summary>Makes it write its sessions to its disk: from here on it holds what it has now, whatever happens.</summary>
    public async Task SaveAsync()
    {
        var before = File.Exists(Database) ? File.GetLastWriteTimeUtc(Database) : default;
        ChildProcess.Send(_process!.Id, SaveSignal);
        await Eventually.HoldsAsync(() => Task.FromResult(File.Exists(Database) && File.GetLastWriteTimeUtc(Database) > before), Patience, "mosquitto saved its sessions");
    }

    /// <summary>SIGKILL: it saves nothing more.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }

    // As root it would become another user, who may not write to the folder.
    private static IEnumerable<string> RunsAsRoot() => Environment.UserName == "root" ? ["user root"] : [];

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
