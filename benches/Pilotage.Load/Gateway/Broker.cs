using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Pilotage.Load.Gateway;

/// <summary>A broker in a process of its own, alone on the first processor; stopped by its process id.</summary>
internal sealed class Broker : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly Servers _servers;

    private Broker(Servers servers, int port, int tlsPort) => (_servers, Port, TlsPort) = (servers, port, tlsPort);

    public int Port { get; }

    public int TlsPort { get; }

    public int Pid => _servers.FirstPid;

    /// <summary>Ours, as it is shipped, with the published limits for measuring.</summary>
    public static Task<Broker> StartOursAsync(string program, BenchCertificates certificates, bool durable)
    {
        var (port, tls) = (FreePort(), FreePort());
        return StartAsync(port, tls, "ready ", folder =>
        [
            program, "server", "--data", Path.Combine(folder, "data"), "--http", "127.0.0.1:0",
            "--mqtt", $"127.0.0.1:{port}", "--insecure-open", "--mqtts", $"127.0.0.1:{tls}",
            "--tls-ca", certificates.Authority, "--tls-cert", certificates.Server, "--tls-key", certificates.ServerKey,
            "--limits", "bench", "--acks", durable ? "durable" : "memory",
        ]);
    }

    /// <summary>mosquitto with its limits taken off and everything else as it comes.</summary>
    public static Task<Broker> StartMosquittoAsync(BenchCertificates certificates)
    {
        var (port, tls) = (FreePort(), FreePort());
        return StartAsync(port, tls, null, folder =>
        {
            var file = Path.Combine(folder, "mosquitto.conf");
            File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"""
                user {Environment.UserName}
                per_listener_settings false
                allow_anonymous true
                max_queued_messages 0
                max_inflight_messages 1000
                listener {port} 127.0.0.1
                listener {tls} 127.0.0.1
                cafile {certificates.Authority}
                certfile {certificates.Server}
                keyfile {certificates.ServerKey}
                require_certificate true

                """));
            return ["mosquitto", "-c", file];
        });
    }

    public ValueTask DisposeAsync() => _servers.DisposeAsync();

    /// <summary>A port that nobody has.</summary>
    public static int FreePort()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        return ((IPEndPoint)holder.LocalEndpoint).Port;
    }

    /// <summary>Waits until somebody listens there.</summary>
    public static async Task UntilAnswersAsync(int port)
    {
        using var patience = new CancellationTokenSource(StartsWithin);
        while (!await AnswersAsync(port))
        {
            await Task.Delay(Pause, patience.Token);
        }
    }

    private static async Task<Broker> StartAsync(int port, int tlsPort, string? readyLine, Func<string, string[]> command)
    {
        var servers = new Servers();
        try
        {
            await servers.StartAsync("taskset", ["-c", "0", .. command(servers.Folder)], readyLine);

            // Ours says when it serves; a port that answers does not, since a start tries its ports before it opens them.
            if (readyLine is null)
            {
                await UntilAnswersAsync(port);
                await UntilAnswersAsync(tlsPort);
            }
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }

        return new Broker(servers, port, tlsPort);
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
