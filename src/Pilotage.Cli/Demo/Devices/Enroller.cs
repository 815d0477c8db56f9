using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Devices;

/// <summary>Takes devices in as a person would: declares them, then each trades its one-time code for a certificate.</summary>
internal sealed class Enroller(DemoApi api)
{
    private const int AtOnce = 4;

    /// <summary>One-time codes by path.</summary>
    public async Task<Dictionary<string, (string Id, string Code)>> DeclareAsync(
        IEnumerable<string> paths, string thing, string? edge, string? hardware, CancellationToken cancellation)
    {
        var devices = paths.Select(path =>
        {
            var device = new JsonObject { ["path"] = path, ["thing"] = thing, ["id"] = path[(path.LastIndexOf('/') + 1)..] };
            if (edge is not null)
            {
                device["edge"] = edge;
            }

            if (hardware is not null)
            {
                device["hardware"] = hardware;
            }

            return (JsonNode)device;
        });
        var answer = await api.PostAsync("api/v1/enrolments", new JsonObject { ["devices"] = new JsonArray([.. devices]) }, cancellation);
        var rows = answer is JsonArray list ? [.. list] : Read.Rows(answer, "items|enrolments|devices");
        return rows.ToDictionary(row => Read.Text(row, "path"), row => (Read.Text(row, "device|id"), Read.Text(row, "code")), StringComparer.Ordinal);
    }

    /// <summary>Declares and enrols; keys are made here and never leave this process.</summary>
    public async Task<Dictionary<string, DeviceCredential>> EnrolAsync(
        IReadOnlyList<string> paths, string thing, string? edge, string? hardware, CancellationToken cancellation)
    {
        var codes = await DeclareAsync(paths, thing, edge, hardware, cancellation);
        var credentials = new Dictionary<string, DeviceCredential>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(codes, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (declared, token) =>
        {
            var credential = await EnrolOneAsync(
                declared.Value.Code, async () => (await DeclareAsync([declared.Key], thing, edge, hardware, token))[declared.Key].Code, token);
            lock (credentials)
            {
                credentials[declared.Key] = credential;
            }
        });
        return credentials;
    }

    private async Task<DeviceCredential> EnrolOneAsync(string code, Func<Task<string>> anotherCode, CancellationToken cancellation)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=device", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        JsonNode? answer;
        try
        {
            answer = await TradeAsync(code);
        }
        catch (CliFailure failure) when (failure.Code == "fleet.code.forbidden")
        {
            // The server ended after taking the code and before answering: what it issued is lost, and the newest certificate counts.
            answer = await TradeAsync(await anotherCode());
        }

        var certificate = X509Certificate2.CreateFromPem(Read.Text(answer, "certificate"), key.ExportPkcs8PrivateKeyPem());
        return new(
            Read.Text(answer, "device"),
            Read.Text(answer, "path"),
            certificate,
            X509Certificate2.CreateFromPem(Read.Text(answer, "authority")));

        Task<JsonNode?> TradeAsync(string one) => api.PostAsync("api/v1/enroll", new JsonObject { ["code"] = one, ["csr"] = request }, cancellation);
    }
}
