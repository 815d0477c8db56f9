using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary>What a device connects with, as files that any MQTT client reads.</summary>
internal sealed class CredentialFolder(string folder) : IDisposable
{
    private readonly string _key = Path.Combine(folder, "key.pem");
    private readonly string _certificate = Path.Combine(folder, "cert.pem");
    private readonly string _authority = Path.Combine(folder, "ca.pem");
    private readonly ECDsa _pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private bool _isMade;

    /// <summary>Makes the folder and a key in it before the server is asked for anything; an older key is not written over: what it opened would be lost.</summary>
    public void Prepare()
    {
        if (File.Exists(_key))
        {
            throw new CliFailure(ExitCode.Conflict, $"{_key} is there already", "a key is not written over", "--save with another folder");
        }

        try
        {
            _isMade = !Directory.Exists(folder);
            Directory.CreateDirectory(folder);
            Write(_key, _pair.ExportPkcs8PrivateKeyPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Failed, $"--save: no key can be written to {folder}", FileFault.Why(failure), "--save with a folder that you may write to; nothing was registered");
        }
    }

    /// <summary>Takes back what was made: a key without its certificate opens nothing, and would be in the way of the next try.</summary>
    public void Withdraw()
    {
        File.Delete(_key);
        File.Delete(_certificate);
        File.Delete(_authority);
        if (_isMade)
        {
            Directory.Delete(folder);
        }
    }

    /// <summary>Trades the code for a certificate on the key.</summary>
    public async Task<JsonNode> TradeAsync(string code, ApiClient api, CancellationToken cancellation)
    {
        var request = new CertificateRequest("CN=device", _pair, HashAlgorithmName.SHA256).CreateSigningRequestPem();
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

    public void Dispose() => _pair.Dispose();

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
