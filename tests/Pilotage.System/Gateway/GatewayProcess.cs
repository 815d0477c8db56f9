using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Broker;
using Pilotage.Core.Durability;
using Pilotage.System.Gateway.Peers;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;

namespace Pilotage.System.Gateway;

/// <summary>A broker in a process of its own, to be killed.</summary>
internal static class GatewayProcess
{
    public static readonly BrokerOptions Options = new()
    {
        QueuedMessagesMax = 1_000_000,
        QueuedBytesMax = 1024 * 1024 * 1024,

        // Small, so that the log is rewritten while it is being killed.
        CompactAfterBytes = 256 * 1024,
    };

    public static async Task RunAsync(string path, bool isUnsynced, string[] flags)
    {
        var port = flags is [.., "--port", var number] ? int.Parse(number) : 0;
        await using var broker = await OpenAsync(path, isUnsynced, port, flags.Contains("--default-limits") ? new() : Options);
        Console.WriteLine($"ready {broker.BoundEndpoints[0].Port}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    /// <summary>The same with one listener of those that the foreign clients use, over the certificates in a folder.</summary>
    public static async Task RunForPeersAsync(string folder, string transport, int port)
    {
        var listeners = new PeerListeners(folder);
        var directory = new PosixDirectory(Path.Combine(folder, "state"));
        await using var broker = await OpenAsync(directory, listeners.Listener(transport, port), listeners.Hooks(), Options);
        Console.WriteLine("ready");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    public static Task<MqttBroker> OpenAsync(string path, bool isUnsynced, int port = 0, BrokerOptions? options = null)
    {
        IDurableDirectory directory = new PosixDirectory(path);
        return OpenAsync(
            isUnsynced ? new UnsyncedDirectory(directory) : directory,
            TestBroker.Plain with { EndPoint = new IPEndPoint(IPAddress.Loopback, port) },
            new OpenHooks { Remembers = false },
            options ?? Options);
    }

    /// <summary>A port that was free just now, for a broker that is to come back to it.</summary>
    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static Task<MqttBroker> OpenAsync(IDurableDirectory directory, ListenerOptions listener, OpenHooks hooks, BrokerOptions options) =>
        MqttBroker.StartAsync(
            options with { Listeners = [listener] },
            hooks,
            directory,
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
}
