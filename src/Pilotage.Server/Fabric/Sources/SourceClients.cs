using System.Text;
using Microsoft.Extensions.Logging;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>Makes the clients by which foreign brokers are read.</summary>
internal sealed class SourceClients(TimeProvider time, ILoggerFactory logs)
{
    /// <summary>Messages taken and not acknowledged at the same time: as many as share commits well, and few to come twice after a crash.</summary>
    public const int UnacknowledgedMax = 256;

    private const int PacketBytesMax = 1024 * 1024;

    /// <summary>A client with the session that lasts.</summary>
    public MqttClient Lasting(SourceSettings settings, SourceSecrets secrets) => Make(OptionsOf(settings, secrets) with
    {
        ClientId = settings.ClientId,
        CleanStart = false,
        SessionExpiry = TimeSpan.FromHours(settings.SessionHours),
        HandlersMax = UnacknowledgedMax,
    });

    /// <summary>A client whose session ends with it: it leaves no trace at the broker.</summary>
    /// <param name="clientId">Empty for one that the broker chooses; that of a session that is to be ended.</param>
    public MqttClient Passing(SourceSettings settings, SourceSecrets secrets, string clientId) => Make(OptionsOf(settings, secrets) with { ClientId = clientId, CleanStart = true });

    private MqttClient Make(MqttClientOptions options) => new(options, time, new Random(Environment.ProcessId), logs.CreateLogger<MqttClient>());

    private static MqttClientOptions OptionsOf(SourceSettings settings, SourceSecrets secrets)
    {
        var address = SourceAddress.Parse(settings.Url).Value;
        return new MqttClientOptions
        {
            Endpoint = address.Endpoint,
            Tls = SourceTls.Of(address, settings.CaPem, settings.CertificatePem, secrets.KeyPem).Value,
            Version = settings.Version == "5" ? MqttVersion.V5 : MqttVersion.V311,
            UserName = settings.UserName,
            Password = secrets.Password is { } password ? Encoding.UTF8.GetBytes(password) : null,
            ReceiveMaximum = UnacknowledgedMax,
            PacketBytesMax = PacketBytesMax,
        };
    }
}
