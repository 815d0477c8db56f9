using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Sdk;

namespace Pilotage.Load.Edge;

/// <summary>A server and an edge as they are shipped, devices behind the edge and as many before the server, all of it TLS with certificates; both ways to the server lead through a proxy that counts.</summary>
internal sealed class EdgeRig : IAsyncDisposable
{
    private const string Place = "default/plant";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Servers _servers = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(1) };
    private readonly int _httpPort = Gateway.Broker.FreePort();
    private readonly int _serverPort = Gateway.Broker.FreePort();
    private readonly int _edgePort = Gateway.Broker.FreePort();
    private CountingProxy _uplink = null!;
    private CountingProxy _direct = null!;
    private X509Certificate2? _authority;

    public static async Task<EdgeRig> StartAsync(string program, double lingerSeconds)
    {
        var rig = new EdgeRig();
        var data = Path.Combine(rig._servers.Folder, "data");
        string Local(int port) => $"127.0.0.1:{port}";
        await rig._servers.StartAsync(program, ["server", "--data", data, "--http", Local(rig._httpPort), "--mqtts", Local(rig._serverPort), "--publish-rate", "0"], "ready ");
        rig._http.BaseAddress = new Uri($"http://{Local(rig._httpPort)}/");
        rig._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(data, "admin.token"))).Trim());
        (rig._uplink, rig._direct) = (new CountingProxy(rig._serverPort), new CountingProxy(rig._serverPort));
        var code = await rig.DeclareAsync("edge", "edge", null);
        await rig._servers.StartAsync(
            program,
            [
                "edge", "run", "--data", Path.Combine(rig._servers.Folder, "edge"), "--server", rig._http.BaseAddress.ToString(), "--mqtts", Local(rig._uplink.Port), "--code", code,
                "--listen", Local(rig._edgePort), "--publish-rate", "0", "--linger", lingerSeconds.ToString(CultureInfo.InvariantCulture),
            ],
            "ready ");
        return rig;
    }

    /// <summary>Bytes that went from the edge to the server so far.</summary>
    public long UplinkBytes => _uplink.Up;

    /// <summary>Takes the edge's link to the server away, or gives it back.</summary>
    public void Hold(bool isHeld) => _uplink.IsHeld = isHeld;

    /// <summary>Bytes that devices sent to the server themselves.</summary>
    public long DirectBytes => _direct.Up;

    /// <summary>A device that is connected: to the edge, or to the server.</summary>
    public async Task<(MqttClient Client, string Topic)> DeviceAsync(string name, bool isBehindEdge)
    {
        var certificate = await EnrolAsync(await DeclareAsync(name, "env", isBehindEdge ? "edge" : null));
        var client = new MqttClient(
            new MqttClientOptions
            {
                Endpoint = MqttEndpoint.Tcp("127.0.0.1", isBehindEdge ? _edgePort : _direct.Port),
                Tls = new MqttTlsOptions { ClientCertificate = certificate, Roots = [_authority!] },
                ClientId = name,
            },
            TimeProvider.System, new Random(1), NullLogger<MqttClient>.Instance);
        for (var tries = 0; ; tries++)
        {
            try
            {
                await client.ConnectAsync(CancellationToken.None);
                return (client, $"{Place}/{name}/_tele");
            }
            catch (MqttRefusedException) when (tries < 100)
            {
                // The edge learns of its devices with its next desired state.
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            }
        }
    }

    /// <summary>Messages that the server has stored.</summary>
    public async Task<long> StoredAsync()
    {
        var metrics = await _http.GetStringAsync(new Uri("metrics", UriKind.Relative));
        var line = metrics.Split('\n').First(line => line.StartsWith("pilotage_ingest_messages_stored_total", StringComparison.Ordinal));
        return (long)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until so many are.</summary>
    public async Task UntilStoredAsync(long messages)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (await StoredAsync() is var stored && stored < messages)
        {
            if (TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                throw new TimeoutException($"{stored} of {messages} messages are stored");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync();
        await _uplink.DisposeAsync();
        await _direct.DisposeAsync();
        _http.Dispose();
    }

    private async Task<string> DeclareAsync(string name, string thing, string? edge)
    {
        using var answer = await _http.PostAsJsonAsync(
            new Uri("api/v1/enrolments", UriKind.Relative), new { devices = new[] { new { path = $"{Place}/{name}", thing, id = name, edge } } });
        answer.EnsureSuccessStatusCode();
        return (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["items"]![0]!["code"]!;
    }

    private async Task<X509Certificate2> EnrolAsync(string code)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=device", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var answer = await _http.PostAsJsonAsync(new Uri("api/v1/enroll", UriKind.Relative), new { code, csr });
        answer.EnsureSuccessStatusCode();
        var issued = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        _authority ??= X509Certificate2.CreateFromPem((string)issued["authority"]!);
        return X509Certificate2.CreateFromPem((string)issued["certificate"]!, key.ExportPkcs8PrivateKeyPem());
    }
}
