using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Learning.Export;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;

namespace Pilotage.System.Edge;

/// <summary>One server, two edges, two pumps behind each, everything over TLS; the pumps send a row every 100 ms.</summary>
internal sealed class EdgeWorld : IAsyncDisposable
{
    private const string Sql = """
        CREATE VIEW features AS SELECT device, ts, AVG(a) OVER w AS fa, b AS fb FROM pump
        WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 4 PRECEDING AND CURRENT ROW);
        INSERT INTO alerts SELECT device, ts, 'wear' AS kind, y AS score
        FROM ML_PREDICT(TABLE features, MODEL wear, DESCRIPTOR(fa, fb)) WHERE y < -1000;
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-edges-").FullName;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _pumps = [];
    private readonly Dictionary<int, string> _codes = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private Child? _server;

    public Child?[] Edges { get; } = new Child?[2];

    public static string[] Devices { get; } = ["pump-1", "pump-2", "pump-3", "pump-4"];

    public async Task StartAsync()
    {
        _server = await Child.StartAsync("server", Path.Combine(_folder, "server"));
        _http.BaseAddress = new Uri(_server.Ready["http"]);
        var token = await File.ReadAllTextAsync(Path.Combine(_folder, "server", "admin.token"));
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        for (var edge = 0; edge < 2; edge++)
        {
            _codes[edge] = await DeclareAsync($"acme/site/edge-{edge + 1}", "edge", null);
            await StartEdgeAsync(edge);
        }

        for (var i = 0; i < Devices.Length; i++)
        {
            var edge = i / 2;
            _pumps.Add(RunPumpAsync(Devices[i], edge, await EnrolAsync(await DeclareAsync($"acme/site/{Devices[i]}", "pump", $"edge-{edge + 1}"))));
        }
    }

    public async Task StartEdgeAsync(int edge) => Edges[edge] = await Child.StartAsync(
        "edge", Path.Combine(_folder, $"edge-{edge + 1}"), _server!.Ready["https"], _server.Ready["mqtts"].Split(':')[^1], _codes[edge]);

    /// <summary>The authority everybody here trusts; known once a pump has enrolled.</summary>
    public X509Certificate2 Authority => _authority!;

    /// <summary>The server's MQTT port.</summary>
    public int MqttsPort => int.Parse(_server!.Ready["mqtts"].Split(':')[^1], CultureInfo.InvariantCulture);

    /// <summary>The identity folder of an edge: what somebody who owns the machine has.</summary>
    public string IdentityOf(int edge) => Path.Combine(_folder, $"edge-{edge + 1}", "identity");

    /// <summary>Known answers of a model, from the model itself.</summary>
    public static GoldenSet Golden(byte[] model, params float[][] rows)
    {
        using var onnx = OnnxModel.Load(model, new OnnxOptions()).Value;
        return GoldenSet.Record(onnx, rows, 1e-4);
    }

    /// <summary>Signs a release around a model.</summary>
    public async Task<string> ReleaseAsync(byte[] model, GoldenSet golden, string version)
    {
        var parts = new JsonArray(
            await PutAsync("model", "wear", model),
            await PutAsync("golden", "wear", golden.Write()),
            await PutAsync("pipeline", "pipeline.sql", Encoding.UTF8.GetBytes(Sql)),
            await PutAsync("thing", "pump", """{"properties":{"a":{"type":"number"},"b":{"type":"number"}}}"""u8.ToArray()));
        var shape = new JsonObject { ["name"] = "wear", ["version"] = version, ["inputs"] = new JsonArray("fa", "fb"), ["outputs"] = new JsonArray("y") };
        var release = await PostAsync("api/v1/releases", new JsonObject
        {
            ["useCase"] = "pumps",
            ["name"] = "pumps",
            ["version"] = version,
            ["artifacts"] = parts,
            ["shapes"] = new JsonArray(shape),
            ["goldenTolerance"] = 1e-4,
        });
        return (string)release["id"]!;
    }

    public async Task<string> RollOutAsync(string release, params string[] devices)
    {
        var rollout = await PostAsync("api/v1/rollouts", new JsonObject
        {
            ["release"] = release,
            ["devices"] = new JsonArray([.. (devices.Length == 0 ? Devices : devices).Select(device => (JsonNode)device)]),
            ["waves"] = new JsonArray("1", "rest"),
            ["bake"] = "PT2S",
            ["silence"] = "PT60S",
        });
        return (string)rollout["id"]!;
    }

    /// <summary>Waits until a rollout is finished one way or the other.</summary>
    public async Task<JsonNode> EndAsync(string rollout)
    {
        for (var i = 0; i < 240; i++)
        {
            var view = await GetAsync($"api/v1/rollouts/{rollout}");
            if ((string)view["status"]! is "completed" or "halted")
            {
                return view;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }

        throw new TimeoutException($"{await GetAsync($"api/v1/rollouts/{rollout}")}\n{Edges[0]!.Errors}\n{Edges[1]!.Errors}\n{_server!.Errors}");
    }

    /// <summary>How many inferences of a release the server has stored for a device.</summary>
    public async Task<int> InferencesAsync(string device, string release)
    {
        var series = await GetAsync($"api/v1/devices/{device}/series/wear@{release}/y?points=20000");
        return (series["points"] ?? series["items"]!).AsArray().Count;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_pumps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var edge in Edges)
        {
            edge?.Dispose();
        }

        _server?.Dispose();
        _http.Dispose();
        _stopping.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>y = fa + factor * fb.</summary>
    public static byte[] Linear(float factor) => OnnxWriter.Model(
        new OnnxGraph("linear").Input("input", TensorType.Float32, -1, 2).Output("output", TensorType.Float32, -1, 1)
            .Constant("weights", Tensor.Of([1f, factor], 2, 1)).Node("MatMul", ["input", "weights"], ["output"]),
        new ModelProperties("wear", "1", [new("fa", "1"), new("fb", "1")], [new("y", "1")]));

    public async Task<JsonNode> GetAsync(string path) => await ReadAsync(await _http.GetAsync(new Uri(path, UriKind.Relative)));

    private async Task<JsonNode> PostAsync(string path, JsonNode body) =>
        await ReadAsync(await _http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json")));

    private async Task<JsonNode> PutAsync(string kind, string name, byte[] content)
    {
        var stored = await ReadAsync(await _http.PutAsync(new Uri("api/v1/artifacts", UriKind.Relative), new ByteArrayContent(content)));
        return new JsonObject { ["kind"] = kind, ["name"] = name, ["digest"] = (string)stored["digest"]! };
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new InvalidOperationException($"{(int)response.StatusCode}: {text}");
    }

    private async Task<string> DeclareAsync(string path, string thing, string? edge)
    {
        var device = new JsonObject { ["path"] = path, ["thing"] = thing, ["id"] = path[(path.LastIndexOf('/') + 1)..], ["edge"] = edge };
        var page = await PostAsync("api/v1/enrolments", new JsonObject { ["devices"] = new JsonArray(device) });
        return (string)page["items"]![0]!["code"]!;
    }

    private async Task<X509Certificate2> EnrolAsync(string code)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=pump", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var answer = await PostAsync("api/v1/enroll", new JsonObject { ["code"] = code, ["csr"] = csr });
        _authority ??= X509Certificate2.CreateFromPem((string)answer["authority"]!);
        return X509Certificate2.CreateFromPem((string)answer["certificate"]!, key.ExportPkcs8PrivateKeyPem());
    }

    private X509Certificate2? _authority;

    // A pump knows nothing of updates: it sends, and when its edge is away it tries again.
    private async Task RunPumpAsync(string device, int edge, X509Certificate2 certificate)
    {
        for (var row = 0; !_stopping.IsCancellationRequested;)
        {
            try
            {
                var port = int.Parse(Edges[edge]!.Ready["mqtts"].Split(':')[^1], CultureInfo.InvariantCulture);
                await using var client = new MqttClient(
                    new MqttClientOptions
                    {
                        Endpoint = MqttEndpoint.Tcp("127.0.0.1", port),
                        Tls = new MqttTlsOptions { ClientCertificate = certificate, Roots = [_authority!] },
                        ClientId = device,
                    },
                    TimeProvider.System, new Random(1), NullLogger<MqttClient>.Instance);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                patience.CancelAfter(TimeSpan.FromSeconds(10));
                await client.ConnectAsync(patience.Token);
                while (true)
                {
                    patience.CancelAfter(TimeSpan.FromSeconds(5));
                    var ts = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000 + row).ToUnixTimeMilliseconds();
                    var payload = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"ts\":{ts},\"values\":{{\"a\":{row % 17},\"b\":{1 + (row % 5)}}}}}"));
                    await client.PublishAsync(new MqttMessage { Topic = $"acme/site/{device}/_tele", Payload = payload, Qos = 1 }, patience.Token);
                    row++;
                    await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token);
                }
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            }
        }
    }
}
