using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Pilotage.Broker;
using Pilotage.Core.Durability;
using Pilotage.Edge.Buffer;
using Pilotage.Edge.Identity;
using Pilotage.Edge.Link;
using Pilotage.Edge.Updates;
using Pilotage.Edge.Worker;

namespace Pilotage.Edge;

/// <summary>The edge agent: the supervisor that holds the link, the local broker, the buffer and the updater; and the workers beside it.</summary>
public static class EdgeHost
{
    // A Unix socket's path ends at 107 bytes; longer data folders get their socket in the folder for temporary files.
    private const int SocketPathMax = 100;
    private const int WorkerSubscriptionsMax = 4096;
    private const string LockFile = "edge.lock";

    /// <summary>Runs an edge until stopped; refused when another one has its folder, when it cannot listen or enrol, or its identity is damaged.</summary>
    /// <param name="options">What it needs to know.</param>
    /// <param name="time">All clocks and timers.</param>
    /// <param name="logs">Event ids 5100 to 5199.</param>
    /// <param name="ready">Called once, with the endpoint devices connect to.</param>
    /// <param name="stopping">Ends it: workers drain, the buffer is closed.</param>
    public static async Task<Outcome<bool>> RunAsync(
        EdgeOptions options, TimeProvider time, ILoggerFactory logs, Action<EndPoint> ready, CancellationToken stopping)
    {
        Directory.CreateDirectory(options.DataPath);
        using var held = FolderLock.TryTake(options.DataPath, LockFile);
        if (held is null)
        {
            return new Refusal(
                "edge.data_in_use",
                $"another edge uses the data folder {Path.GetFullPath(options.DataPath)}: two would number their messages alike, and the server would take the second for repeats.");
        }

        if (StartCheck.Listen(options.Listen) is { } taken)
        {
            return taken;
        }

        if (!(await EdgeIdentity.OpenAsync(options, time, stopping)).TryGet(out var identity, out var refusal))
        {
            return refusal;
        }

        var folder = new PosixDirectory(options.DataPath);
        await using var buffer = StoreAndForward.Open(folder.Sub("buffer"), options, NewId, time, logs);
        var hooks = new LocalHooks(identity, buffer, time);
        var socket = SocketPath(options.DataPath);
        File.Delete(socket);
        await using var broker = await MqttBroker.StartAsync(BrokerOptions(options, identity, socket), hooks, folder.Sub("broker"), time, logs, stopping);
        var endpoint = broker.BoundEndpoints.First(bound => bound.Listener == LocalHooks.DeviceListener).EndPoint;

        using var http = ServerHttp.ForEdge(options.Server, identity);
        var store = new ReleaseStore(options.DataPath, identity.ReleaseTrust, options.Hardware);
        var downloader = new Downloader(http, store, Path.Combine(options.DataPath, "parts"));
        var bootId = NewId();
        await using var supervisor = new Supervisor(options, identity, store, downloader, buffer, hooks, bootId, socket, time, logs);
        await using var upstream = new Upstream(options, identity, bootId, () => endpoint.ToString() ?? "", supervisor.Take, time, logs);
        ready(endpoint);
        await RunAllAsync(options, identity, folder, buffer, supervisor, upstream, time, logs, stopping);
        return true;
    }

    /// <summary>Runs one worker: orders by standard input, reports by standard output. For the supervisor, not for people.</summary>
    public static async Task<int> RunWorkerAsync(TimeProvider time, ILoggerFactory logs, CancellationToken stopping)
    {
        // Not Console.In: its asynchronous reads block, and the loop that infers would never begin.
        using var orders = new StreamReader(Console.OpenStandardInput());
        return await WorkerMain.RunAsync(orders, Console.Out, time, logs, stopping);
    }

    private static async Task RunAllAsync(
        EdgeOptions options, EdgeIdentity identity, PosixDirectory folder, StoreAndForward buffer, Supervisor supervisor, Upstream upstream, TimeProvider time, ILoggerFactory logs,
        CancellationToken stopping)
    {
        using var any = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var budget = new UplinkBudget(
            folder.Sub("buffer"), options, identity.Path, message => buffer.Events.AppendAsync(message, CancellationToken.None), time, logs.CreateLogger<UplinkBudget>());
        Forwarder Lanes(TimeSpan linger, bool isUrgent, params BufferLane[] lanes) =>
            new(lanes, identity.Device.Value, identity.Path, linger, budget, isUrgent, upstream.Client.PublishAsync, time, logs.CreateLogger<Forwarder>());

        // Reports wait for the link in a task of their own, so that the loop that decides never does.
        using var reports = new LatestReports();
        Task[] tasks =
        [
            upstream.RunAsync(any.Token),
            supervisor.RunAsync(reports.PutAsync, any.Token),
            reports.SendAsync(upstream.ReportAsync, any.Token),

            // Two at a time, so that no alert waits for the answer to a clip.
            Lanes(TimeSpan.Zero, true, buffer.Alerts, buffer.Events).RunAsync(any.Token),
            Lanes(options.UplinkLinger, false, buffer.Data, buffer.Clips).RunAsync(any.Token),
        ];
        var link = tasks[0];
        try
        {
            await Task.WhenAny(Task.WhenAll(tasks), FirstFault(tasks));
        }
        finally
        {
            await any.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!stopping.IsCancellationRequested)
        {
            await (tasks.FirstOrDefault(task => task.IsFaulted) ?? link);
        }
    }

    private static async Task FirstFault(Task[] tasks)
    {
        var left = tasks.ToList();
        while (left.Count > 0)
        {
            var ended = await Task.WhenAny(left);
            if (!ended.IsCompletedSuccessfully)
            {
                return;
            }

            left.Remove(ended);
        }
    }

    private static BrokerOptions BrokerOptions(EdgeOptions options, EdgeIdentity identity, string socket) => new()
    {
        SubscriptionsMax = WorkerSubscriptionsMax,
        PublishesPerSecond = options.PublishesPerSecond,
        PublishBurst = Math.Max(1, 4 * options.PublishesPerSecond),
        QueuedMessagesMax = 1_000_000,
        QueuedBytesMax = 256 * 1024 * 1024,
        Listeners =
        [
            new ListenerOptions
            {
                Name = LocalHooks.DeviceListener,
                EndPoint = options.Listen,
                Tls = new TlsListenerOptions { Certificate = () => identity.Certificate },
            },
            new ListenerOptions { Name = LocalHooks.WorkerListener, EndPoint = new UnixDomainSocketEndPoint(socket) },
        ],
    };

    private static string SocketPath(string dataPath)
    {
        var path = Path.GetFullPath(Path.Combine(dataPath, "workers.sock"));
        return System.Text.Encoding.UTF8.GetByteCount(path) <= SocketPathMax
            ? path
            : Path.Combine(Path.GetTempPath(), $"pilotage-{Digest.Of(System.Text.Encoding.UTF8.GetBytes(path)).Hex[..16]}.sock");
    }

    private static string NewId() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(12));
}
