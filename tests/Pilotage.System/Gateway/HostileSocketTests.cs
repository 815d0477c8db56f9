using System.Net.Security;
using System.Net.Sockets;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Gateway;

/// <summary>P10 over sockets, with and without TLS: connections may die of what they send, the broker and its memory may not.</summary>
[Collection(Alone.Name)]
public sealed class HostileSocketTests(ITestOutputHelper output)
{
    // Most end their connection at the first or second.
    private const int PacketsPerConnection = 4;
    private const int AtOnce = 8;

    // Pools of the runtime give back what they took for a peak over some seconds.
    private const long KeptMax = 4_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // MQTT 5.0, clean start, keep alive 30 s; four hexadecimal digits of the client identifier follow.
    private static readonly byte[] Connect = [0x10, 17, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 30, 0, 0, 4];

    [Fact]
    public async Task Mutated_packets_over_tcp_cost_their_connections_alone()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Hooks.Remembers = false;
        await RunAsync(broker, TestSize.Count(40_000, 800_000), async () =>
        {
            var socket = new TcpClient { NoDelay = true };
            await socket.ConnectAsync("127.0.0.1", broker.Port);
            return socket.GetStream();
        });
    }

    [Fact]
    public async Task Mutated_packets_over_mutual_tls_cost_their_connections_alone()
    {
        await using var rig = await TlsRig.StartAsync();
        rig.Broker.Hooks.Remembers = false;
        rig.Broker.Hooks.OnConnect = null;
        using var certificate = rig.Device("hostile");
        await RunAsync(rig.Broker, TestSize.Count(10_000, 200_000), async () => await TlsRig.SecureAsync((await rig.DialAsync()).GetStream(), certificate));
    }

    private async Task RunAsync(TestBroker broker, int packets, Func<Task<Stream>> open)
    {
        await SendAsync(open, packets / 10, first: 0);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (sent, connections) = await SendAsync(open, packets, first: packets);

        // Every one of them is gone by itself, and what they cost with them.
        await UntilAsync(() => broker.Broker.Clients.All(client => !client.Connected));
        var grown = long.MaxValue;
        await UntilAsync(() => (grown = GC.GetTotalMemory(forceFullCollection: true) - before) < KeptMax);
        output.WriteLine($"{sent} packets on {connections} connections; {grown} bytes more in use, {broker.Broker.Clients.Count} lasting sessions");
        Assert.True(sent >= packets * 9 / 10, $"{sent} packets");

        await using var stream = await open();
        await stream.WriteAsync((byte[])[.. Connect, .. "good"u8]);
        Assert.Equal(0x20, await FirstByteAsync(stream));
    }

    private static async Task<(int Sent, int Connections)> SendAsync(Func<Task<Stream>> open, int packets, int first)
    {
        var (sent, connections) = (0, 0);
        await Parallel.ForEachAsync(
            Enumerable.Range(first, (packets / PacketsPerConnection) + 1),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (number, _) =>
            {
                Interlocked.Add(ref sent, await SendAsync(open, number));
                Interlocked.Increment(ref connections);
            });
        return (sent, connections);
    }

    private static async Task<int> SendAsync(Func<Task<Stream>> open, int number)
    {
        var packets = new HostilePackets(new Random(TestSize.Seed + number));
        await using var stream = await open();
        var sent = 0;
        try
        {
            if (number % 4 != 0)
            {
                await stream.WriteAsync((byte[])[.. Connect, .. global::System.Text.Encoding.ASCII.GetBytes($"{number & 0xFFFF:x4}")]);
            }

            // In one go: after the one that ends the connection nobody listens any more.
            var all = Enumerable.Range(0, PacketsPerConnection).SelectMany(_ => packets.Next()).ToArray();
            await stream.WriteAsync(all);
            sent = PacketsPerConnection;
            if (stream is SslStream secured)
            {
                await secured.ShutdownAsync();
            }
        }
        catch (IOException)
        {
            // As it may.
        }

        return sent;
    }

    private static async Task<int> FirstByteAsync(Stream stream)
    {
        var buffer = new byte[256];
        var got = await stream.ReadAsync(buffer).AsTask().WaitAsync(Patience);
        return got == 0 ? -1 : buffer[0];
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
        {
            await Task.Delay(20, patience.Token);
        }
    }
}
