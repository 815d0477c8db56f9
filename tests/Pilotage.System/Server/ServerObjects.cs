using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Pilotage.Sdk;

namespace Pilotage.System.Server;

/// <summary>Devices that are declared and enrolled over the API while the server dies: what was answered 2xx must stay.</summary>
internal sealed class ServerObjects
{
    private readonly HashSet<string> _declared = [];
    private readonly HashSet<string> _enrolled = [];
    private string? _authority;
    private int _next;

    /// <summary>How many creations were answered with success.</summary>
    public int Answered => _declared.Count + _enrolled.Count;

    /// <summary>How many of them a later life did not know any more.</summary>
    public int Missing { get; private set; }

    public async Task CreateUntilAsync(ServerDoor door, Task over)
    {
        try
        {
            while (!over.IsCompleted)
            {
                await CreateAsync(door);
            }
        }
        catch (HttpRequestException)
        {
            // The server is dead; this one was not answered.
        }
    }

    /// <summary>Declares a device and lets it enrol.</summary>
    public async Task CreateAsync(ServerDoor door)
    {
        var id = $"object-{++_next}";
        if (await DeclareAsync(door, id, $"default/objects/{id}") is { } code)
        {
            _declared.Add(id);
            _enrolled.UnionWith(await EnrolAsync(door, code) is null ? [] : [id]);
        }
    }

    /// <summary>Compares what was answered with what the API lists, and holds keys and audit to what they were.</summary>
    public async Task AccountAsync(ServerDoor door)
    {
        var devices = await door.GetAsync("api/v1/devices?path=default/objects/**&limit=10000");
        var status = devices["items"]!.AsArray().ToDictionary(device => (string)device!["id"]!, device => (string)device!["status"]!);
        Missing += _declared.Count(id => !status.ContainsKey(id)) + _enrolled.Count(id => status.GetValueOrDefault(id) != "enrolled");
        var (_, authority) = await door.AskAsync(HttpMethod.Get, "api/v1/authority");
        Missing += authority == (_authority ??= authority) ? 0 : 1;
        await door.GetAsync("api/v1/audit/verification");
    }

    public static async Task<DeviceCredentials> EnrolLoadAsync(ServerDoor door)
    {
        var certificates = new List<X509Certificate2>();
        for (var device = 0; device < NumberedMessages.Devices; device++)
        {
            var code = await DeclareAsync(door, NumberedMessages.Name(device), NumberedMessages.Path(device));
            certificates.Add((await EnrolAsync(door, code!))!);
        }

        var (_, authority) = await door.AskAsync(HttpMethod.Get, "api/v1/authority");
        return new DeviceCredentials(certificates, X509Certificate2.CreateFromPem(authority));
    }

    private static async Task<string?> DeclareAsync(ServerDoor door, string id, string path)
    {
        var device = new JsonObject { ["path"] = path, ["thing"] = "pump", ["id"] = id };
        var (status, body) = await door.AskAsync(HttpMethod.Post, "api/v1/enrolments", new JsonObject { ["devices"] = new JsonArray(device) });
        return status == HttpStatusCode.OK ? (string)JsonNode.Parse(body)!["items"]![0]!["code"]! : null;
    }

    private static async Task<X509Certificate2?> EnrolAsync(ServerDoor door, string code)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=load", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var (status, body) = await door.AskAsync(HttpMethod.Post, "api/v1/enroll", new JsonObject { ["code"] = code, ["csr"] = csr });
        return status == HttpStatusCode.OK
            ? X509Certificate2.CreateFromPem((string)JsonNode.Parse(body)!["certificate"]!, key.ExportPkcs8PrivateKeyPem())
            : null;
    }
}

/// <summary>Certificates of the load's devices and whom they trust.</summary>
internal sealed record DeviceCredentials(IReadOnlyList<X509Certificate2> Certificates, X509Certificate2 Authority)
{
    public MqttTlsOptions Of(int device) => new() { ClientCertificate = Certificates[device], Roots = [Authority] };
}
