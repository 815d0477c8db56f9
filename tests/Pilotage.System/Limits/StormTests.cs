using System.Net;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Protocols.Mqtt;
using Pilotage.System.Gateway;
using Pilotage.System.Gateway.Peers;
using Pilotage.System.Server;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Limits;

/// <summary>P11: thousands of clients that come back at once after a crash, and thousands that only stay.</summary>
public sealed class StormTests(ITestOutputHelper output)
{
    private const uint Day = 86_400;
    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task All_clients_are_back_soon_after_the_server_was_killed()
    {
        var clients = TestSize.Count(1_000, 5_000);
        using var folder = new TemporaryFolder();
        var port = GatewayProcess.FreePort();
        await using (var server = await ServerProcess.StartAtAsync(folder.Path, port))
        {
            using var swarm = await SwarmAsync(clients, i => ComeAsync(port, i));
            Assert.Equal(0, swarm.Peers.Count(peer => peer.SessionPresent));
            await server.KillAsync();
        }

        // As clients do: at once, and again and again until somebody is there.
        var began = TimeProvider.System.GetTimestamp();
        var starting = ServerProcess.StartAtAsync(folder.Path, port);
        using var back = await SwarmAsync(clients, i => ComeAsync(port, i));
        var took = TimeProvider.System.GetElapsedTime(began);
        await using var again = await starting;
        Assert.Equal(clients, back.Peers.Count(peer => peer.SessionPresent));
        Report(clients, took, again.Id);
        var delayed = await Metrics.SumAsync(again.Door, "pilotage_broker_connects_delayed_total");
        output.WriteLine($"{delayed} waited for their turn");
    }

    [Fact]
    public async Task All_clients_are_back_over_mutual_TLS_too()
    {
        var clients = TestSize.Count(150, 5_000);
        using var folder = new TemporaryFolder();
        PeerListeners.Create(folder.Path);
        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(folder.Path, "client.pem"), Path.Combine(folder.Path, "client.key"));
        var port = GatewayProcess.FreePort();
        await using (var broker = Start())
        {
            await broker.WaitForAsync("ready", BackWithin);
            using var swarm = await SwarmAsync(clients, Come);
            broker.Kill();
            await broker.EndAsync();
        }

        var began = TimeProvider.System.GetTimestamp();
        await using var again = Start();
        using var back = await SwarmAsync(clients, Come);
        Assert.Equal(clients, back.Peers.Count(peer => peer.SessionPresent));
        Report(clients, TimeProvider.System.GetElapsedTime(began), again.Id);

        ChildProcess Start() => ChildProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "Pilotage.System"), ["gateway-for-peers", folder.Path, "mutual", $"{port}"]);

        Task<SocketPeer?> Come(int i) => ComeAsync(port, i, async stream => await TlsRig.SecureAsync(stream, certificate));
    }

    [Fact]
    public async Task Thousands_of_idle_connections_leave_the_server_prompt_for_others()
    {
        var connections = TestSize.Count(2_000, 9_900);
        const double BytesEachMax = 30_000;
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path);
        using var active = await SocketPeer.ConnectAsync(server.Door.MqttPort, "active");
        await active.SubscribeAsync("default/#");
        var before = ProcessFigures.ResidentMb(server.Id);
        using var idle = await SwarmAsync(connections, i => ComeAsync(server.Door.MqttPort, i, expirySeconds: 0));
        var each = (ProcessFigures.ResidentMb(server.Id) - before) * 1e6 / connections;
        Assert.Equal(connections + 1, await Metrics.SumAsync(server.Door, "pilotage_broker_connections"));

        var worst = TimeSpan.Zero;
        for (var i = 0; i < 200; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await active.PublishAsync("default/plant/dev/_tele/n", 0, "1"u8.ToArray());
            await active.ExpectAsync(MqttPacketType.Publish);
            var took = TimeProvider.System.GetElapsedTime(began);
            worst = took > worst ? took : worst;
        }

        Assert.Equal(HttpStatusCode.OK, (await server.Door.AskAsync(HttpMethod.Get, "healthz/ready")).Status);
        output.WriteLine($"{connections} idle at {each:F0} bytes each; worst of 200 round trips {worst.TotalMilliseconds:F1} ms");
        output.WriteLine(PromiseTotals.Line("P11", ("idle connections", connections)));
        Assert.True(worst < AnswersWithin, $"a round trip took {worst}");
        Assert.True(each < BytesEachMax, $"{each} bytes a connection");
    }

    private void Report(int clients, TimeSpan took, int server)
    {
        output.WriteLine($"{clients} clients were back after {took.TotalSeconds:F1} s; {ProcessFigures.PeakMb(server):F0} MB resident at most");
        output.WriteLine(PromiseTotals.Line("P11", ("clients back after a kill", clients)));
        Assert.True(took < BackWithin, $"{clients} clients took {took} to come back");
    }

    /// <summary>All at once; whoever is refused or finds nobody waits a little and tries again.</summary>
    private static async Task<Swarm> SwarmAsync(int count, Func<int, Task<SocketPeer?>> come)
    {
        var peers = new SocketPeer[count];
        var began = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            var random = new Random(i);
            for (var wait = 50; ; wait = Math.Min(2 * wait, 2000))
            {
                if (await come(i) is { } peer)
                {
                    peers[i] = peer;
                    return;
                }

                Assert.True(TimeProvider.System.GetElapsedTime(began) < 2 * BackWithin, $"client {i} does not come in");
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(wait / 2, wait)), TimeProvider.System);
            }
        }));
        return new(peers);
    }

    private static async Task<SocketPeer?> ComeAsync(int port, int number, Func<Stream, Task<Stream>>? secure = null, uint expirySeconds = Day)
    {
        SocketPeer? peer = null;
        try
        {
            peer = await SocketPeer.OpenAsync(port, secure);
            await peer.SendConnectAsync($"storm-{number}", keepAlive: 600, expirySeconds: expirySeconds);
            if (await peer.ConnAckAsync() == MqttReason.Success)
            {
                return peer;
            }
        }
        catch (Exception refused) when (refused is IOException or global::System.Net.Sockets.SocketException or OperationCanceledException
            or TimeoutException or global::System.Security.Authentication.AuthenticationException)
        {
            // Nobody there yet, or too many at once.
        }

        peer?.Dispose();
        return null;
    }

    private sealed class Swarm(SocketPeer[] peers) : IDisposable
    {
        public SocketPeer[] Peers => peers;

        public void Dispose()
        {
            foreach (var peer in peers)
            {
                peer.Dispose();
            }
        }
    }
}
