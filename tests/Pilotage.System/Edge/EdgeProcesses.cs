using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Edge;
using Pilotage.Server.Hosting;

namespace Pilotage.System.Edge;

/// <summary>Server, edge and worker as processes of their own, to be killed.</summary>
internal static class EdgeProcesses
{
    public static Task<int> ServerAsync(string data) => ServerHost.RunAsync(
        new ServerOptions
        {
            DataFolder = data,
            Tenant = "acme",
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            Https = new IPEndPoint(IPAddress.Loopback, 0),
            Mqtts = new IPEndPoint(IPAddress.Loopback, 0),
        },
        Console.Out,
        Console.Error,
        CancellationToken.None);

    public static async Task<int> EdgeAsync(string data, string server, string mqttsPort, string code)
    {
        var options = new EdgeOptions
        {
            DataPath = data,
            Server = new Uri(server),
            Mqtts = new DnsEndPoint("127.0.0.1", int.Parse(mqttsPort)),
            EnrolmentCode = code,
            Heartbeat = TimeSpan.FromMilliseconds(500),
            Watchdog = TimeSpan.FromSeconds(8),
            PublishesPerSecond = 0,
            ReconnectMax = TimeSpan.FromSeconds(1),
        };
        var outcome = await EdgeHost.RunAsync(options, TimeProvider.System, NullLoggerFactory.Instance, Ready, CancellationToken.None);
        await Console.Error.WriteLineAsync(outcome.IsOk ? "" : outcome.Refusal.ToString());
        return outcome.IsOk ? 0 : 1;
    }

    public static Task<int> WorkerAsync() => EdgeHost.RunWorkerAsync(TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);

    private static void Ready(EndPoint endpoint)
    {
        Console.WriteLine($"ready mqtts={endpoint}");
        Console.Out.Flush();
    }
}
