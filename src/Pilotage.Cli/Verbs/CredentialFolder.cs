using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary>What a device connects with, as files that any MQTT client reads.</summary>
internal sealed class CredentialFolder(string folder)
{
    private readonly string _key = Path.Combine(folder, "key.pem");
    private readonly string _certificate = Path.Combine(folder, "cert.pem");
    private readonly string _authority = Path.Combine(folder, "ca.pem");

    /// <summary>Refuses to write over a key: what it opened would be lost.</summary>
    public void DemandFree()
    {
        if (File.Exists(_key))
        {
            throw new CliFailure(ExitCode.Conflict, $"{_key} is there already", "a key is not written over", "--save with another folder");
        }
    }

    /// <summary>Makes a key here, and trades the code for a certificate on it.</summary>
    public async Task<JsonNode> TradeAsync(string code, ApiClient api, CancellationToken cancellation)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=device", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        Directory.CreateDirectory(folder);
        // Written before the code is spent: a certificate without its key is worth nothing.
        Write(_key, key.ExportPkcs8PrivateKeyPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var answer = await api.PostAsync("api/v1/enroll", new JsonObject { ["code"] = code, ["csr"] = request }, cancellation);
        const UnixFileMode Public = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        Write(_certificate, Column.Text(answer?["certificate"]), Public);
        Write(_authority, Column.Text(answer?["authority"]), Public);
        return new JsonObject
        {
            ["device"] = answer?["device"]?.DeepClone(),
            ["path"] = answer?["path"]?.DeepClone(),
            ["key"] = _key,
            ["certificate"] = _certificate,
            ["authority"] = _authority,
        };
    }

    private static void Write(string file, string pem, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using var stream = new FileStream(file, options);
        using var writer = new StreamWriter(stream);
        writer.WriteLine(pem.TrimEnd());
    }
}
