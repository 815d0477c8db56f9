using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Edge.Identity;

/// <summary>What would keep an edge from working, tried before its one-time code is spent.</summary>
internal static class StartCheck
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Null when devices could connect there; the broker itself would only say that binding failed.</summary>
    public static Refusal? Listen(IPEndPoint address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            socket.Listen();
            return null;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => new Refusal("edge.listen_taken", $"--listen {address} is taken: another program listens there."),
                SocketError.AccessDenied => new Refusal("edge.listen_denied", $"--listen {address} may not be used by this user; ports below 1024 need privileges."),
                SocketError.AddressNotAvailable => new Refusal("edge.listen_denied", $"--listen {address}: this machine has no such address."),
                _ => new Refusal("edge.listen_denied", $"--listen {address} cannot be listened on: {failure.Message}."),
            };
        }
    }

    /// <summary>Null when the server's broker answers there, by TLS and with a certificate of the authority in the code.</summary>
    public static async Task<Refusal?> MqttsAsync(DnsEndPoint server, X509Certificate2 authority, TimeProvider time, CancellationToken cancellation)
    {
        var name = $"{server.Host}:{server.Port}";
        using var deadline = new CancellationTokenSource(AnswerWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(server, either.Token);
            await using var tls = new SslStream(new NetworkStream(socket));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = server.Host,
                    RemoteCertificateValidationCallback = ServerHttp.Checking((leaf, sent) => ServerHttp.ChainsTo(leaf, authority, sent)),
                },
                either.Token);
            return null;
        }
        catch (SocketException failure)
        {
            return Unreachable($"nothing answers at --mqtts {name}: {failure.Message}.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Unreachable($"--mqtts {name} did not answer within {AnswerWithin.TotalSeconds:0} s.");
        }
        catch (AuthenticationException)
        {
            return Unreachable($"what answers at --mqtts {name} shows no certificate that the code's server made for {server.Host}, or does not speak TLS.");
        }
        catch (IOException)
        {
            return Unreachable($"what answers at --mqtts {name} does not speak TLS.");
        }
    }

    private static Refusal Unreachable(string why) => new("edge.mqtts_unreachable", $"The edge could not work: {why} Its code is not used up.");
}
