using System.Net;
using System.Net.Sockets;

namespace Pilotage.Load.Edge;

/// <summary>Passes TCP connections on and counts what goes up: everything that the sender hands to TCP, so TLS records and handshakes are in it, and the headers of TCP and IP are not.</summary>
internal sealed class CountingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly int _target;
    private readonly Task _accepting;
    private long _up;

    public CountingProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Bytes that went up so far.</summary>
    public long Up => Volatile.Read(ref _up);

    /// <summary>Whether nothing goes up: a link that is down, and nobody says so.</summary>
    public bool IsHeld { get; set; }

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
            _ = PassAsync(client);
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _target), _stopping.Token);
                await Task.WhenAny(CopyAsync(client, server, counts: true), CopyAsync(server, client, counts: false));
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                // The other side sees the connection end, as it would without a proxy.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool counts)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer, _stopping.Token) is > 0 and var count)
        {
            while (counts && IsHeld)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, _stopping.Token);
            }

            if (counts)
            {
                Interlocked.Add(ref _up, count);
            }

            for (var sent = 0; sent < count;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stopping.Token);
            }
        }
    }
}
