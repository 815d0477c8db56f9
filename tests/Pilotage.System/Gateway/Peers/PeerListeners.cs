using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Broker;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Testing.Gateway;
using Pilotage.Trust;

namespace Pilotage.System.Gateway.Peers;

/// <summary>One listener for each way in, over certificates in a folder, which a broker in another process opens too.</summary>
internal sealed class PeerListeners(string folder)
{
    public const string Unwelcome = "unwelcome";
    private readonly X509Certificate2 _authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "ca.pem"));
    private readonly X509Certificate2 _server = Load(folder, "server");
    private readonly X509Certificate2 _client = Load(folder, "client");

    /// <summary>Names of the listeners: <c>tls</c> and <c>wss</c> ask for no certificate, <c>mutual</c> does.</summary>
    public static string[] Names { get; } = ["tcp", "tls", "mutual", "ws", "wss"];

    /// <summary>Makes the certificates.</summary>
    public static PeerListeners Create(string folder)
    {
        using var authority = CertificateAuthority.OpenOrCreate(
            new PosixDirectory(Path.Combine(folder, "authority")), new CertificateAuthorityOptions(), TimeProvider.System).Value;
        File.WriteAllText(Path.Combine(folder, "ca.pem"), authority.Certificate.ExportCertificatePem());
        using var server = authority.IssueServer(["127.0.0.1", "localhost"]);
        Save(server, folder, "server");
        using var client = TlsRig.Device(authority, "peer");
        Save(client, folder, "client");
        return new(folder);
    }

    public ListenerOptions Listener(string name, int port = 0) => new()
    {
        Name = name,
        EndPoint = new IPEndPoint(IPAddress.Loopback, port),
        Insecure = !IsSecure(name),
        Tls = !IsSecure(name) ? null : new()
        {
            Certificate = () => _server,
            ClientCertificates = name == "mutual" ? ClientCertificates.Required : ClientCertificates.None,
        },
        WebSocket = IsWeb(name) ? new() : null,
    };

    /// <summary>Everybody comes in who has what the listener asks for, except one by name.</summary>
    public OpenHooks Hooks()
    {
        var trust = new CertificateTrust([_authority], TimeProvider.System);
        return new()
        {
            Trusts = certificate => trust.Check(certificate, PeerPurpose.Client).IsOk,
            OnConnect = request => request.ClientId == Unwelcome
                ? ConnectDecision.Refuse(MqttReason.NotAuthorized, "not on this line")
                : request.Listener == "mutual" && !DeviceCertificate.TryRead(request.Certificate!, out _)
                    ? ConnectDecision.Refuse(MqttReason.NotAuthorized, "the certificate names no device")
                    : OpenHooks.Accept(request),
        };
    }

    public static Uri Url(string name, int port) => new(name switch
    {
        "tcp" => $"mqtt://127.0.0.1:{port}",
        "ws" or "wss" => $"{name}://127.0.0.1:{port}/mqtt",
        _ => $"mqtts://127.0.0.1:{port}",
    });

    public PeerFiles? Files(string name) => !IsSecure(name) ? null : name == "mutual"
        ? new(Path.Combine(folder, "ca.pem"), Path.Combine(folder, "client.pem"), Path.Combine(folder, "client.key"))
        : new(Path.Combine(folder, "ca.pem"), null, null);

    /// <summary>Our own client by the same way.</summary>
    public MqttClient Client(string name, int port, string clientId, bool lasting = false) => new(
        new()
        {
            Endpoint = IsWeb(name) ? MqttEndpoint.WebSocket("127.0.0.1", port) : MqttEndpoint.Tcp("127.0.0.1", port),
            Tls = IsSecure(name) ? new() { Roots = [_authority], ClientCertificate = name == "mutual" ? _client : null } : null,
            ClientId = clientId,
            CleanStart = !lasting,
            SessionExpiry = lasting ? TimeSpan.FromMinutes(10) : default,
            BackoffMin = TimeSpan.FromMilliseconds(50),
            BackoffMax = TimeSpan.FromMilliseconds(200),
        },
        TimeProvider.System,
        new(1),
        NullLogger<MqttClient>.Instance);

    private static bool IsSecure(string name) => name is "tls" or "mutual" or "wss";

    private static bool IsWeb(string name) => name is "ws" or "wss";

    private static void Save(X509Certificate2 certificate, string folder, string name)
    {
        File.WriteAllText(Path.Combine(folder, $"{name}.pem"), certificate.ExportCertificatePem());
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(Path.Combine(folder, $"{name}.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static X509Certificate2 Load(string folder, string name) =>
        X509Certificate2.CreateFromPemFile(Path.Combine(folder, $"{name}.pem"), Path.Combine(folder, $"{name}.key"));
}
