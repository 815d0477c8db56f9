using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Pilotage.Testing;

namespace Pilotage.System.Demo;

/// <summary>A demonstration as a newcomer starts it: the real executable in a folder of its own, at the head of a process group like under a shell.</summary>
internal sealed class DemoProcess : IAsyncDisposable
{
    private static readonly string Executable = Path.Combine(AppContext.BaseDirectory, "pilotage");
    private readonly ChildProcess _process;
    private readonly List<string> _lines = [];

    private DemoProcess(ChildProcess process, string folder, int port) => (_process, Folder, Port) = (process, folder, port);

    public string Folder { get; }

    public int Port { get; }

    public int ExitCode => _process.ExitCode;

    public string Errors => _process.Errors;

    /// <summary>All it said, for a failure's message.</summary>
    public string Story => string.Join('\n', _lines.TakeLast(30)) + "\n" + Errors;

    public static DemoProcess Start(string folder, params string[] arguments) => Start(folder, FreePort(), arguments);

    public static DemoProcess Start(string folder, int port, params string[] arguments) => new(
        ChildProcess.Start("setsid", [Executable, "demo", "--port", $"{port}", .. arguments], folder), folder, port);

    /// <summary>Another command of the CLI in the same folder.</summary>
    public static async Task<(int Exit, string Output, string Errors)> RunAsync(string folder, params string[] arguments)
    {
        await using var process = ChildProcess.Start(Executable, arguments, folder);
        var lines = await process.EndAsync().WaitAsync(TimeSpan.FromMinutes(2));
        return (process.ExitCode, string.Join('\n', lines), process.Errors);
    }

    /// <summary>Reads on until a line tells of the step, finished or under way.</summary>
    public async Task<string> UntilAsync(string part, TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within, TimeProvider.System);
        while (true)
        {
            // The start of a line is its step number or a mark; what is asked for stands behind it.
            var line = await _process.WaitForAsync("", within).WaitAsync(deadline.Token);
            _lines.Add(line);
            if (line.Contains(part, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    /// <summary>Ctrl-C: a terminal signals the whole group.</summary>
    public void PressControlC() => _process.SendToGroup(PosixSignal.SIGINT);

    public void Terminate() => _process.Send(PosixSignal.SIGTERM);

    public async Task EndAsync(TimeSpan within) => _lines.AddRange(await _process.EndAsync().WaitAsync(within));

    /// <summary>The children of a supervised name, found by what the kernel says of them.</summary>
    public IReadOnlyList<int> Processes() => ProcessesIn(Folder);

    public static IReadOnlyList<int> ProcessesIn(string folder) =>
        [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit)).Select(name => int.Parse(name!)).Where(id => BelongsTo(folder, id))];

    /// <summary>The process of a child by the name of its data folder: <c>server</c>, <c>edge-1</c>.</summary>
    public int ChildNamed(string name) => Processes().Single(id => CommandLine(id) is var line && line.Contains("--data", StringComparison.Ordinal) && line.Contains($"/{name}\0", StringComparison.Ordinal));

    /// <summary>Whether nothing listens on any port that it used.</summary>
    public bool PortsAreFree()
    {
        using var ports = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, ".pilotage/demo/ports.json")));
        var used = ports.RootElement.EnumerateObject().Select(port => port.Value.GetInt32()).Append(Port).ToHashSet();
        return IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().All(listener => !used.Contains(listener.Port));
    }

    public async ValueTask DisposeAsync() => await _process.DisposeAsync();

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // Server, edges and their workers all run in the folder of the demonstration, and nothing else does.
    private static bool BelongsTo(string folder, int id)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{id}/cwd", returnFinalTarget: false)?.FullName == folder && CommandLine(id).Contains("pilotage", StringComparison.Ordinal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
