using System.Net;
using System.Net.Sockets;

namespace Pilotage.System.Edge;

/// <summary>Passes TCP connections on and cuts each after so many bytes, in whichever direction they went, as a link that breaks does: in the middle of a record, a packet, an answer.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Random _random;
    private readonly int _bytesMax;
    private readonly Task _accepting;
    private int _cuts;

    /// <param name="seed">Of the bytes after which it cuts.</param>
    /// <param name="bytesMax">The most of a connection.</param>
    public CuttingProxy(int seed, int bytesMax)
    {
        (_random, _bytesMax) = (new Random(seed), bytesMax);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Where it leads to; nobody is there before it is set.</summary>
    public int Target { get; set; }

    /// <summary>Whether connections are cut at all.</summary>
    public bool IsCutting { get; set; } = true;

    /// <summary>Connections that were cut so far.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptSocketAsync(_stopping.Token);
            _ = PassAsync(client, _random.Next(1, _bytesMax));
        }
    }

    private async Task PassAsync(Socket client, int bytes)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            try
            {
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Target), _stopping.Token);
                var left = new Budget(bytes);
                await Task.WhenAny(CopyAsync(client, server, left), CopyAsync(server, client, left));
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                // The other side sees the connection end.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, Budget left)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReceiveAsync(buffer, _stopping.Token) is > 0 and var count)
        {
            var passed = IsCutting ? left.Take(count) : count;
            for (var sent = 0; sent < passed;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, passed - sent), _stopping.Token);
            }

            if (passed < count)
            {
                Interlocked.Increment(ref _cuts);
                return;
            }
        }
    }

    /// <summary>Bytes of a connection that are still let through.</summary>
    private sealed class Budget(int bytes)
    {
        private readonly Lock _gate = new();
        private int _left = bytes;

        public int Take(int count)
        {
            lock (_gate)
            {
                var taken = Math.Min(count, _left);
                _left -= taken;
                return taken;
            }
        }
    }
}
