using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.System.Server;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Edge;

/// <summary>P4 with real processes: the link is cut at random bytes and both sides are killed, and every message is with the server once.</summary>
public sealed class CutLinkTests(ITestOutputHelper output) : IDisposable
{
    // A handshake takes about half of it.
    private const int BytesOfAConnection = 12_000;
    private const int Burst = 500;
    private const int BurstAtLast = 10;
    private const string Topic = "acme/site/pump-1/_tele";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private Child? _server;
    private Child? _edge;
    private X509Certificate2? _authority;

    public void Dispose()
    {
        _authority?.Dispose();
        _edge?.Dispose();
        _server?.Dispose();
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Cuts_at_random_bytes_and_kills_of_both_sides_lose_nothing_and_store_nothing_twice()
    {
        var (kills, cuts, messages) = (TestSize.Count(2, 100), TestSize.Count(10, 300), TestSize.Count(4_000, 500_000));
        var random = new Random(TestSize.Seed);
        await using var proxy = new CuttingProxy(TestSize.Seed, BytesOfAConnection) { IsCutting = false };
        await StartServerAsync(proxy);
        var code = await DeclareAsync("acme/site/edge-1", "edge", null);
        Task StartEdgeAsync() => StartAsync(child => _edge = child, "edge", Path.Combine(_folder.Path, "edge"), _server!.Ready["https"], proxy.Port.ToString(CultureInfo.InvariantCulture), code);
        await StartEdgeAsync();
        var pump = await EnrolAsync(await DeclareAsync("acme/site/pump-1", "pump", "edge-1"));

        var (sent, killed) = (await SendAsync(pump, 0, Burst), 0);
        proxy.IsCutting = true;
        while (sent < messages || proxy.Cuts < cuts || killed < kills)
        {
            sent = await SendAsync(pump, sent, 1 + random.Next(sent < messages ? Burst : BurstAtLast));
            if (killed < kills && sent >= (killed + 1L) * messages / (kills + 1))
            {
                var isServer = ++killed % 2 == 0;
                await (isServer ? _server : _edge)!.KillAsync();
                await (isServer ? StartServerAsync(proxy) : StartEdgeAsync());
            }
        }

        proxy.IsCutting = false;
        var account = await AccountAsync(sent);

        // A message that comes again with the same values is no second row; it is counted, and there must be none.
        Assert.Equal((sent, 0, 0), ((int)account["messages"]!, (int)account["duplicates"]!, (int)account["overwritten"]!));
        output.WriteLine(PromiseTotals.Line("P4", ("cuts of a link at random bytes", proxy.Cuts), ("kills of edge and server", killed), ("messages accounted", sent)));
    }

    /// <summary>A burst of numbered messages, each acknowledged by the edge.</summary>
    private async Task<int> SendAsync(X509Certificate2 pump, int first, int count)
    {
        await using var client = new MqttClient(
            new MqttClientOptions
            {
                Endpoint = MqttEndpoint.Tcp("127.0.0.1", int.Parse(_edge!.Ready["mqtts"].Split(':')[^1], CultureInfo.InvariantCulture)),
                Tls = new MqttTlsOptions { ClientCertificate = pump, Roots = [_authority!] },
                ClientId = "pump-1",
            },
            TimeProvider.System, new Random(1), NullLogger<MqttClient>.Instance);
        await ConnectAsync(client);
        var publishes = Enumerable.Range(first, count).Select(number => client.PublishAsync(
            new MqttMessage
            {
                Topic = Topic,
                Qos = 1,
                Payload = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"ts\":{1_700_000_000_000 + number},\"values\":{{\"number\":{number}}}}}")),
            },
            CancellationToken.None).AsTask()).ToList();
        Assert.All(await Task.WhenAll(publishes), reason => Assert.Equal(MqttReason.Success, reason));
        return first + publishes.Count;
    }

    /// <summary>The edge learns of its device with a desired state, which has to come through.</summary>
    private static async Task ConnectAsync(MqttClient client)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await client.ConnectAsync(CancellationToken.None);
                return;
            }
            catch (MqttRefusedException) when (TimeProvider.System.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    private async Task<JsonNode> AccountAsync(int messages)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var account = JsonNode.Parse(await _http.GetStringAsync(Address("api/v1/messages/account?device=pump-1")))!;
            if ((int)account["messages"]! >= messages || TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                return account;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    private async Task StartServerAsync(CuttingProxy proxy)
    {
        var data = Path.Combine(_folder.Path, "server");
        await StartAsync(child => _server = child, "server", data);
        proxy.Target = int.Parse(_server!.Ready["mqtts"].Split(':')[^1], CultureInfo.InvariantCulture);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(data, "admin.token"))).Trim());
    }

    // Each life of the server has another port.
    private Uri Address(string path) => new(new Uri(_server!.Ready["http"]), path);

    private static async Task StartAsync(Action<Child> take, params string[] arguments) => take(await Child.StartAsync(arguments));

    private async Task<string> DeclareAsync(string path, string thing, string? edge)
    {
        var device = new { path, thing, id = path[(path.LastIndexOf('/') + 1)..], edge };
        return (string)(await PostAsync("api/v1/enrolments", new { devices = new[] { device } }))["items"]![0]!["code"]!;
    }

    private async Task<X509Certificate2> EnrolAsync(string code)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=pump", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var answer = await PostAsync("api/v1/enroll", new { code, csr });
        _authority = X509Certificate2.CreateFromPem((string)answer["authority"]!);
        return X509Certificate2.CreateFromPem((string)answer["certificate"]!, key.ExportPkcs8PrivateKeyPem());
    }

    private async Task<JsonNode> PostAsync(string path, object body)
    {
        using var answer = await _http.PostAsJsonAsync(Address(path), body);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new InvalidOperationException($"{(int)answer.StatusCode}: {text}");
    }
}
