using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Cli.Demo.Fleet;
using Pilotage.Sdk;
using Pilotage.Sdk.Devices;

namespace Pilotage.Cli.Demo.Devices;

/// <summary>Connects replayed machines with their own certificates, to the server or to an edge.</summary>
internal sealed class Connector(DemoFleet fleet, MessageCount count, Random random, TimeProvider time)
{
    public async Task<ReplayedDevice> ConnectAsync(FleetUnit unit, DeviceCredential credential, int port, CancellationToken cancellation)
    {
        var client = await DeviceClient.ConnectAsync(
            new DeviceClientOptions
            {
                Endpoint = MqttEndpoint.Tcp("127.0.0.1", port),
                Path = credential.Path,
                DeviceId = credential.Id,
                Certificate = credential.Certificate,
                Roots = [credential.Authority],
                // Short waits: a demonstration shows how fast devices come back, and there are few of them.
                BackoffMin = TimeSpan.FromMilliseconds(100),
                BackoffMax = TimeSpan.FromSeconds(2),
            },
            time,
            random,
            NullLoggerFactory.Instance,
            cancellation);
        return new(unit, fleet.Properties, credential, client, count);
    }
}
