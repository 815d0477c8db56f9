using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Trust;

namespace Pilotage.System.Edge;

/// <summary>
/// Has the key and certificate of a real edge, reads what is desired, knows the challenge and the golden rows, and reports the new
/// version as running and proved — while the only model it has is the old one.
/// </summary>
internal sealed class LyingEdge : IAsyncDisposable
{
    private readonly X509Certificate2 _certificate;
    private readonly SigningKey _key;
    private readonly MqttClient _client;
    private readonly GoldenSet _golden;
    private readonly byte[] _answersWith;
    private readonly string _edge;

    public LyingEdge(EdgeWorld world, int edge, GoldenSet golden, byte[] answersWith)
    {
        (_golden, _answersWith, _edge) = (golden, answersWith, $"edge-{edge + 1}");
        var folder = world.IdentityOf(edge);
        _key = SigningKey.Open(Path.Combine(folder, "key.pem")).Value;
        var identity = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "identity.json")))!;
        _certificate = X509Certificate2.CreateFromPem((string)identity["certificate"]!, _key.ExportPem());
        _client = new MqttClient(
            new MqttClientOptions
            {
                Endpoint = MqttEndpoint.Tcp("127.0.0.1", world.MqttsPort),
                Tls = new MqttTlsOptions { ClientCertificate = _certificate, Roots = [world.Authority] },
                ClientId = _edge,
            },
            TimeProvider.System, new Random(1), NullLogger<MqttClient>.Instance)
        {
            OnMessage = LieAsync,
        };
    }

    public long Reports { get; private set; }

    public async Task StartAsync()
    {
        await _client.ConnectAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
        await _client.SubscribeAsync($"acme/site/{_edge}/_twin/desired", 1, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _certificate.Dispose();
        _key.Dispose();
    }

    private ValueTask LieAsync(MqttMessage message, CancellationToken cancellation)
    {
        var desired = DesiredState.Parse(message.Payload.Span).Value;
        foreach (var release in desired.Releases)
        {
            var lie = CertifiedEnvelope.Sign(AttestedState.PayloadType, Lie(desired, release).ToJson(), _key, _certificate);
            _ = _client.PublishAsync(
                new MqttMessage { Topic = $"acme/site/{_edge}/_twin/reported/{release.Id}", Payload = lie.ToJson(), Qos = 1, Retain = true },
                CancellationToken.None).AsTask();
        }

        return ValueTask.CompletedTask;
    }

    private AttestedState Lie(DesiredState desired, DesiredRelease release)
    {
        using var old = OnnxModel.Load(_answersWith, new OnnxOptions()).Value;
        var payload = DsseEnvelope.Parse(global::System.Text.Encoding.UTF8.GetBytes(release.Envelope.GetRawText())).Value.Payload;
        return new AttestedState
        {
            Edge = _edge,
            BootId = "a-new-boot",
            Report = ++Reports,
            Hardware = "linux-x64",
            Worker = new AttestedWorker { Pid = 4711, StartedNs = 1 },
            Release = release.Id,
            ManifestDigest = Digest.Of(payload.Span).ToString(),
            Challenge = release.Challenge,
            Devices = [.. desired.Devices.Select(device => new AttestedDevice { Device = device.Device, FirstInferenceNs = 1, Inferences = 100 })],
            Golden = new AttestedGolden
            {
                Rows = 3,
                MaxError = 0,
                Pass = true,
                Answers = new Dictionary<string, IReadOnlyList<float?>> { ["wear"] = GoldenChallenge.Answer(_golden, old, release.Challenge) },
            },
            P50Ms = 1,
            P99Ms = 1,
            Inferences = 100,
            AtNs = 1,
            DesiredVersion = desired.Version,
            State = AttestedPhase.Confirmed,
        };
    }
}
