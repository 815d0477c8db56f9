using System.Net;
using Pilotage.Protocols.Mqtt;
using Pilotage.System.Server;
using Pilotage.Testing.Gateway;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Limits;

/// <summary>A server that may have few file descriptors: connections must not take those that its files need.</summary>
public sealed class DescriptorTests(ITestOutputHelper output)
{
    private const int Most = 400;
    private const int Metered = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task When_descriptors_run_out_new_connections_wait_and_everything_else_goes_on()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartWithDescriptorsAsync(folder.Path, Most);
        using var first = await SocketPeer.ConnectAsync(server.Door.MqttPort, "first");
        var crowd = new List<SocketPeer>();
        try
        {
            // More than there is room for; who is not answered waits in the kernel's queue.
            for (var i = 0; i < Most; i++)
            {
                var peer = await SocketPeer.OpenAsync(server.Door.MqttPort);
                await peer.SendConnectAsync($"c{i}");
                crowd.Add(peer);
            }

            await Eventually.HoldsAsync(
                async () => await Metrics.SumAsync(server.Door, "pilotage_broker_descriptors_short_total", "listener=\"mqtt\"") > 0,
                Patience,
                "the metric that tells of it");
            var open = ProcessFigures.Descriptors(server.Id);
            output.WriteLine($"{open} of {Most} descriptors are open");
            Assert.InRange(open, Most / 2, Most - (Metered / 2));

            // Whoever is in is served, what is acknowledged is stored, files are opened, and HTTP is answered.
            for (var i = 0; i < 200; i++)
            {
                Assert.Equal(MqttReason.Success, await first.PublishAsync($"default/plant/dev-{i % 10}/_tele/n", "1"u8.ToArray()));
            }

            Assert.Equal(HttpStatusCode.OK, (await server.Door.AskAsync(HttpMethod.Get, "healthz/ready")).Status);

            // One of those who wait comes in for each that leaves; all of them in the end.
            var waiting = crowd.Where(peer => !peer.HasAnything()).ToList();
            Assert.NotEmpty(waiting);
            foreach (var peer in crowd.Except(waiting))
            {
                peer.Dispose();
            }

            foreach (var peer in waiting)
            {
                Assert.Equal(MqttReason.Success, await peer.ConnAckAsync());
                peer.Dispose();
            }

            await Eventually.HoldsAsync(() => Task.FromResult(Says(server)), Patience, "the log tells that it is over");
            Assert.Contains("file descriptors, too few for", server.Errors, StringComparison.Ordinal);

            // Said once for each time, not ten times a second.
            Assert.InRange(server.Errors.Split("lets new connections wait").Length - 1, 1, 20);
        }
        finally
        {
            crowd.ForEach(peer => peer.Dispose());
        }
    }

    private static bool Says(ServerProcess server) => server.Errors.Contains("takes connections again", StringComparison.Ordinal);
}
