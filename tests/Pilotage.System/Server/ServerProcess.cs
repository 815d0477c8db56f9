using Pilotage.Testing;

namespace Pilotage.System.Server;

/// <summary>The real <c>pilotage server</c> in a process of its own, to be killed.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(2);
    private readonly ChildProcess _process;

    private ServerProcess(ChildProcess process, ServerDoor door)
    {
        _process = process;
        Door = door;
    }

    public ServerDoor Door { get; }

    public int Id => _process.Id;

    public string Errors => _process.Errors;

    /// <summary>The program that is built and shipped.</summary>
    public static string Binary { get; } = Path.Combine(AppContext.BaseDirectory, "pilotage");

    /// <summary>Arguments for a server on free ports.</summary>
    public static string[] Arguments(string data) =>
    [
        "server", "--data", data, "--http", "127.0.0.1:0", "--mqtts", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--insecure-open",
    ];

    public static Task<ServerProcess> StartAsync(string data, params string[] more) =>
        StartAsync(Binary, [.. Arguments(data), .. more], data);

    /// <summary>The same with its open listener on a port that clients come back to.</summary>
    public static Task<ServerProcess> StartAtAsync(string data, int mqttPort) =>
        StartAsync(Binary, [.. Arguments(data).Select((word, i) => i > 0 && Arguments(data)[i - 1] == "--mqtt" ? $"127.0.0.1:{mqttPort}" : word)], data);

    /// <summary>The same with that many file descriptors and no more; the limit's program becomes the server.</summary>
    public static Task<ServerProcess> StartWithDescriptorsAsync(string data, int most) =>
        StartAsync("prlimit", [$"--nofile={most}:{most}", Binary, .. Arguments(data)], data);

    /// <summary>The same server hosted by the tests, with every flush left out: what a harness must notice.</summary>
    public static Task<ServerProcess> StartUnsyncedAsync(string data) =>
        StartAsync(Path.Combine(AppContext.BaseDirectory, "Pilotage.System"), ["server-unsynced", data], data);

    /// <summary>Under strace, which fails one call on one file; the server is its child.</summary>
    public static Task<ServerProcess> StartTracedAsync(string data, string file, string inject) => StartAsync(
        "strace",
        [
            "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-P", file,
            "-e", "trace=fsync,fdatasync", "-e", $"inject={inject}", Binary, .. Arguments(data),
        ],
        data);

    /// <summary>Under strace, which holds back every sync for that long; the server is this process, and strace goes with it.</summary>
    public static Task<ServerProcess> StartSlowAsync(string data, int syncMs) => StartAsync(
        "strace",
        [
            "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
            "-e", $"inject=fsync,fdatasync:delay_exit={syncMs * 1000}", Binary, .. Arguments(data),
        ],
        data);

    /// <summary>SIGKILL, and whatever it still had to say.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.EndAsync();
    }

    /// <summary>Waits for the end that the server itself decided on.</summary>
    public async Task<int> ExitAsync(TimeSpan within)
    {
        await _process.EndAsync().WaitAsync(within);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Door.Dispose();
        await _process.DisposeAsync();
    }

    private static async Task<ServerProcess> StartAsync(string program, string[] arguments, string data)
    {
        var process = ChildProcess.Start(program, arguments);
        try
        {
            var ready = await process.WaitForAsync("ready ", ReadyWithin);
            var token = await File.ReadAllTextAsync(Path.Combine(data, "admin.token"));
            return new ServerProcess(process, new ServerDoor(ready, token));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }
}
