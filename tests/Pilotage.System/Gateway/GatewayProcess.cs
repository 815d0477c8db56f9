using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Broker;
using Pilotage.Core.Durability;
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
        await using var broker = await OpenAsync(path, isUnsynced, port);
        Console.WriteLine($"ready {broker.BoundEndpoints[0].Port}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    public static Task<MqttBroker> OpenAsync(string path, bool isUnsynced, int port = 0)
    {
        var listener = TestBroker.Plain with { EndPoint = new IPEndPoint(IPAddress.Loopback, port) };
        IDurableDirectory directory = new PosixDirectory(path);
        return MqttBroker.StartAsync(
            Options with { Listeners = [listener] },
            new OpenHooks(),
            isUnsynced ? new UnsyncedDirectory(directory) : directory,
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
    }
}
