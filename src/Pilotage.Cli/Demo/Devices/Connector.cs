using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Cli.Demo.Fleet;
using Pilotage.Cli.Frame;
using Pilotage.Sdk;
using Pilotage.Sdk.Devices;

namespace Pilotage.Cli.Demo.Devices;

/// <summary>Connects replayed machines with their own certificates, to the server or to an edge.</summary>
internal sealed class Connector(DemoFleet fleet, MessageCount count, Random random, TimeProvider time)
{
    private static readonly TimeSpan AdmittedWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <summary>Connects; a device that was declared a moment ago is known to its edge a moment later, so a refusal is asked about again.</summary>
    public async Task<ReplayedDevice> ConnectAsync(FleetUnit unit, DeviceCredential credential, int port, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await DialAsync(unit, credential, port, cancellation);
            }
            catch (MqttRefusedException) when (time.GetElapsedTime(began) < AdmittedWithin)
            {
                await Task.Delay(Pause, time, cancellation);
            }
            catch (MqttRefusedException refused)
            {
                throw new CliFailure(ExitCode.NotAllowed, $"{credential.Path} was not let in for {AdmittedWithin.TotalSeconds:0} s", refused.Message);
            }
        }
    }

    private async Task<ReplayedDevice> DialAsync(FleetUnit unit, DeviceCredential credential, int port, CancellationToken cancellation)
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
