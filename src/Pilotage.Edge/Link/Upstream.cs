using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Edge.Identity;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Trust;

namespace Pilotage.Edge.Link;

/// <summary>The link to the server: mutual TLS, birth and will, the desired state in, signed reports and batches out.</summary>
internal sealed partial class Upstream : IAsyncDisposable
{
    private readonly EdgeIdentity _identity;
    private readonly BirthMessage _birth;
    private readonly ILogger _logger;
    private readonly Action<DesiredState> _desired;

    public Upstream(
        EdgeOptions options, EdgeIdentity identity, string bootId, Func<string> listen, Action<DesiredState> desired, TimeProvider time, ILoggerFactory logs)
    {
        _identity = identity;
        _desired = desired;
        _logger = logs.CreateLogger<Upstream>();
        _birth = new BirthMessage(Online: true, options.Hardware, listen(), bootId);
        Client = new MqttClient(ClientOptions(options.Mqtts, options.ReconnectMax), time, new Random(Environment.ProcessId), logs.CreateLogger<MqttClient>())
        {
            OnMessage = ReceiveAsync,
            OnStateChanged = Changed,
        };
    }

    public MqttClient Client { get; }

    private string DesiredTopic => TopicPath.Of(_identity.Path, TopicClass.Twin, "desired");

    /// <summary>Connects, for as long as it takes, and asks for the desired state.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        await Client.ConnectAsync(stopping);
        await Client.SubscribeAsync(DesiredTopic, 1, stopping);
    }

    /// <summary>Signs a report with the edge's key and publishes it, retained.</summary>
    public async ValueTask ReportAsync(AttestedState state, CancellationToken stopping)
    {
        var envelope = CertifiedEnvelope.Sign(AttestedState.PayloadType, state.ToJson(), _identity.Key, _identity.Certificate);
        await Client.PublishAsync(
            new MqttMessage
            {
                Topic = TopicPath.Of(_identity.Path, TopicClass.Twin, "reported/" + state.Release),
                Payload = envelope.ToJson(),
                Qos = 1,
                Retain = true,
                ContentType = "application/vnd.dsse+json",
            },
            stopping);
    }

    public ValueTask DisposeAsync() => Client.DisposeAsync();

    private MqttClientOptions ClientOptions(DnsEndPoint server, TimeSpan reconnectMax) => new()
    {
        Endpoint = MqttEndpoint.Tcp(server.Host, server.Port),
        Tls = new MqttTlsOptions { ClientCertificate = _identity.Certificate, Roots = [_identity.Authority] },
        ClientId = _identity.Device.Value,
        CleanStart = false,
        SessionExpiry = TimeSpan.FromHours(1),
        Will = State(new BirthMessage(Online: false, _birth.Hardware, null, _birth.BootId)),
        BackoffMin = TimeSpan.FromMilliseconds(200),
        BackoffMax = reconnectMax,
    };

    private MqttMessage State(BirthMessage birth) => new()
    {
        Topic = TopicPath.Of(_identity.Path, TopicClass.State),
        Payload = JsonSerializer.SerializeToUtf8Bytes(birth, EdgeJson.Default.BirthMessage),
        Qos = 1,
        Retain = true,
        ContentType = "application/json",
    };

    // The will of the connection before may have said "offline" in the meantime, so hello is said each time.
    private void Changed(MqttConnectionState state)
    {
        Log.Link(_logger, state.Connected ? "up" : "down", state.Why);
        if (state.Connected)
        {
            _ = Client.PublishAsync(State(_birth), CancellationToken.None).AsTask();
        }
    }

    private ValueTask ReceiveAsync(MqttMessage message, CancellationToken cancellation)
    {
        if (message.Topic == DesiredTopic && message.Payload.Length > 0)
        {
            if (!DesiredState.Parse(message.Payload.Span).TryGet(out var desired, out var refusal))
            {
                Log.Malformed(_logger, refusal.Message);
            }
            else if (desired.Edge != _identity.Device.Value)
            {
                Log.Malformed(_logger, $"it is meant for {desired.Edge}");
            }
            else
            {
                _desired(desired);
            }
        }

        return ValueTask.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(5131, LogLevel.Information, "The link to the server is {State}: {Why}")]
        public static partial void Link(ILogger logger, string state, string why);

        [LoggerMessage(5132, LogLevel.Warning, "A desired state was ignored: {Why}")]
        public static partial void Malformed(ILogger logger, string why);
    }
}
