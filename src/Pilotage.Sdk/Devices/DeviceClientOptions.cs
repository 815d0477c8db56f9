using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Sdk.Devices;

/// <summary>Who a device is and where it connects.</summary>
public sealed record DeviceClientOptions
{
    /// <summary>Where the server or the edge listens.</summary>
    public required MqttEndpoint Endpoint { get; init; }

    /// <summary>The device's place, tenant first: <c>acme/lyon/line-1/pump-7</c>. It may publish below it only.</summary>
    public required string Path { get; init; }

    /// <summary>The device id; also the MQTT client id.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The certificate that names the device, with its key; nothing on listeners without TLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The authorities whose server certificates are trusted; empty means those of the machine.</summary>
    public IReadOnlyList<X509Certificate2> Roots { get; init; } = [];

    /// <summary>
    /// Tells this program from others of the same device: the client id is then <c>DEVICE:NAME</c>, and neither takes the other's connection
    /// away. An edge knows one connection of a device and looks at the certificate alone.
    /// </summary>
    public string? Program { get; init; }

    /// <summary>
    /// A queue on disk: what is sent returns once it is there, connected or not, and reaches the server sooner or later, in order.
    /// Nothing by default. With it the session lasts 7 days without a connection; past that QoS 2 is at least once.
    /// </summary>
    public MqttQueueOptions? Queue { get; init; }

    /// <summary>Messages on their way at the same time; more wait. Default 64.</summary>
    public int InflightMax { get; init; } = 64;

    /// <summary>Upper end of the first wait before a new connection. Default one second.</summary>
    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Upper end of the longest wait before a new connection. Default one minute.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromMinutes(1);
}
