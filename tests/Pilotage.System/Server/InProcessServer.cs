using System.Net;
using Pilotage.Core.Durability;
using Pilotage.Server.Hosting;
using Pilotage.Testing;

namespace Pilotage.System.Server;

/// <summary>The whole server in this process, on a disk of the test's choice.</summary>
internal sealed class InProcessServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly CancellationTokenSource _stopping = new();
    private readonly StringWriter _errors = new();
    private readonly Task<int> _running;
    private ServerDoor? _door;

    private InProcessServer(ServerOptions options, Disk disk, ReadyWriter output) =>
        _running = ServerHost.RunAsync(options, disk, output, _errors, _stopping.Token);

    public ServerDoor Door => _door!;

    /// <summary>What it said on standard error.</summary>
    public string Errors => _errors.ToString();

    /// <summary>A server whose logs, keys and token lie on a simulated disk; the catalogue stays in the folder.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="room">Bytes free and in all; those of the real disk unless given.</param>
    public static async Task<InProcessServer> StartAsync(string folder, SimulatedDisk disk, Func<(long Free, long Total)>? room = null)
    {
        var output = new ReadyWriter();
        var simulated = new Disk { Open = path => path == folder ? disk.Root : disk.Root.Sub(Path.GetFileName(path)) };
        var server = new InProcessServer(Options(folder), room is null ? simulated : simulated with { Room = _ => room() }, output);
        var first = await Task.WhenAny(output.Ready.Task, server._running).WaitAsync(Patience);
        if (first == server._running)
        {
            throw new InvalidOperationException($"did not start: {server.Errors}");
        }

        server._door = new ServerDoor(await output.Ready.Task, global::System.Text.Encoding.UTF8.GetString(AtomicFile.Read(disk.Root, "admin.token")!));
        return server;
    }

    /// <summary>Role of this assembly as a child: a server that never flushes.</summary>
    public static Task<int> UnsyncedAsync(string data) => ServerHost.RunAsync(
        Options(data),
        new Disk { Open = path => new UnsyncedDirectory(new PosixDirectory(path)), SyncsCatalogue = false },
        Console.Out,
        Console.Error,
        CancellationToken.None);

    /// <summary>Waits for the end that the server itself decided on.</summary>
    public Task<int> ExitAsync() => _running.WaitAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        _door?.Dispose();
        await _stopping.CancelAsync();
        await _running.WaitAsync(Patience);
        _stopping.Dispose();
        await _errors.DisposeAsync();
    }

    private static ServerOptions Options(string folder) => new()
    {
        DataFolder = folder,
        Http = new IPEndPoint(IPAddress.Loopback, 0),
        Mqtts = new IPEndPoint(IPAddress.Loopback, 0),
        Mqtt = new IPEndPoint(IPAddress.Loopback, 0),
        InsecureOpen = true,
        DrainTimeout = TimeSpan.FromSeconds(1),
        FailureNotice = TimeSpan.FromSeconds(8),
    };

    private sealed class ReadyWriter : StringWriter
    {
        public TaskCompletionSource<string> Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override Task WriteLineAsync(string? value)
        {
            Ready.TrySetResult(value ?? "");
            return Task.CompletedTask;
        }
    }
}
