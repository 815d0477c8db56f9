using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Pilotage.Load.Gateway;

/// <summary>A broker in a process of its own, alone on the first processor; stopped by its process id.</summary>
internal sealed class Broker : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly Process _process;
    private readonly string _folder;

    private Broker(Process process, string folder, int port, int tlsPort) =>
        (_process, _folder, Port, TlsPort) = (process, folder, port, tlsPort);

    public int Port { get; }

    public int TlsPort { get; }

    public int Pid => _process.Id;

    /// <summary>Ours, as it is shipped, with the published limits for measuring.</summary>
    public static Task<Broker> StartOursAsync(string program, BenchCertificates certificates, bool durable)
    {
        var (port, tls) = (FreePort(), FreePort());
        return StartAsync(port, tls, tells: true, folder =>
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
        return StartAsync(port, tls, tells: false, folder =>
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

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // taskset has become the broker, so this is the broker's own id.
            await BenchTools.RunAsync(_folder, "kill", Pid.ToString(CultureInfo.InvariantCulture));
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<Broker> StartAsync(int port, int tlsPort, bool tells, Func<string, string[]> command)
    {
        var folder = Directory.CreateTempSubdirectory("pilotage-bench-").FullName;
        var process = Process.Start(new ProcessStartInfo("taskset", ["-c", "0", .. command(folder)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith("ready ", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var broker = new Broker(process, folder, port, tlsPort);
        using var patience = new CancellationTokenSource(StartsWithin);

        // Ours says when it serves; a port that answers does not, since a start tries its ports before it opens them.
        while (tells ? !ready.Task.IsCompleted : !await AnswersAsync(port) || !await AnswersAsync(tlsPort))
        {
            if (process.HasExited)
            {
                await broker.DisposeAsync();
                throw new InvalidOperationException($"{command(folder)[0]} ended at once with {process.ExitCode}.");
            }

            await Task.Delay(Pause, patience.Token);
        }

        return broker;
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

    private static int FreePort()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        return ((IPEndPoint)holder.LocalEndpoint).Port;
    }
}
