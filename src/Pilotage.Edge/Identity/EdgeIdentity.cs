using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Pilotage.Core.Durability;
using Pilotage.Trust;
using PublicKey = Pilotage.Trust.PublicKey;

namespace Pilotage.Edge.Identity;

/// <summary>Who this edge is: its key (which never leaves it), its certificate, and whom it believes.</summary>
internal sealed record EdgeIdentity(
    TenantId Tenant,
    DeviceId Device,
    string Path,
    X509Certificate2 Certificate,
    X509Certificate2 Authority,
    SigningKey Key,
    IReadOnlyList<PublicKey> ReleaseKeys)
{
    private const string KeyFile = "key.pem";
    private const string IdentityFile = "identity.json";

    /// <summary>Whom it believes about releases.</summary>
    public ReleaseTrust ReleaseTrust => new(ReleaseKeys, 1, Tenant);

    /// <summary>Opens the identity on disk, or enrols with the one-time code and keeps what comes back.</summary>
    public static async Task<Outcome<EdgeIdentity>> OpenAsync(EdgeOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var directory = new PosixDirectory(System.IO.Path.Combine(options.DataPath, "identity"));
        if (!SigningKey.OpenOrCreate(directory, KeyFile).TryGet(out var key, out var refusal))
        {
            return refusal;
        }

        if (AtomicFile.Read(directory, IdentityFile) is { } known)
        {
            return Read(known, key);
        }

        if (!(await EnrolAsync(options, key, time, cancellation)).TryGet(out var answer, out refusal))
        {
            return refusal;
        }

        var bytes = JsonSerializer.SerializeToUtf8Bytes(answer, EdgeJson.Default.EnrolResponse);
        var identity = Read(bytes, key);
        if (identity.IsOk)
        {
            AtomicFile.Write(directory, IdentityFile, bytes);
        }

        return identity;
    }

    private static async Task<Outcome<EnrolResponse>> EnrolAsync(EdgeOptions options, SigningKey key, TimeProvider time, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(options.EnrolmentCode))
        {
            return new Refusal("edge.not_enrolled", "This edge has no identity yet: start it once with the one-time code that the server gave for it.");
        }

        if (!EnrolmentCode.TryParse(options.EnrolmentCode, out var code))
        {
            return new Refusal("edge.code_malformed", "This is not an enrolment code: one begins with pe1. and has three parts. It may have been cut when it was copied.");
        }

        if (!(await ServerHttp.PinnedAuthorityAsync(options.Server, code!.Authority, cancellation)).TryGet(out var pinned, out var refusal))
        {
            return refusal;
        }

        using var trusted = pinned;
        if (await StartCheck.MqttsAsync(options.Mqtts, trusted, time, cancellation) is { } unreachable)
        {
            return unreachable;
        }

        using var http = ServerHttp.ForEnrolment(options.Server, trusted);
        var request = new EnrolRequest(code.Reveal(), Request(key), options.Hosts, options.Hardware);
        try
        {
            using var response = await http.PostAsJsonAsync("api/v1/enroll", request, EdgeJson.Default.EnrolRequest, cancellation);
            return response.IsSuccessStatusCode
                ? OfThisAuthority(await response.Content.ReadFromJsonAsync(EdgeJson.Default.EnrolResponse, cancellation), code)
                : Refused(response.StatusCode, await response.Content.ReadAsStringAsync(cancellation));
        }
        catch (HttpRequestException failure)
        {
            return ServerHttp.Unreachable(options.Server, failure);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return ServerHttp.Silent(options.Server);
        }
        catch (JsonException)
        {
            return new Refusal("edge.enrolment_malformed", "The server's answer to the enrolment could not be read; do server and edge have the same version?");
        }
    }

    /// <summary>Whoever answered must be the one the code was made by.</summary>
    private static Outcome<EnrolResponse> OfThisAuthority(EnrolResponse? answer, EnrolmentCode code)
    {
        if (answer is null)
        {
            return new Refusal("edge.enrolment_malformed", "The server's answer to the enrolment was empty.");
        }

        using var authority = X509Certificate2.CreateFromPem(answer.Authority);
        return Digest.Of(authority.RawData) == code.Authority
            ? answer
            : new Refusal("edge.impostor", "The server that answered has another authority than the one in the code.");
    }

    /// <summary>The server's own sentence, out of its problem document.</summary>
    private static Refusal Refused(HttpStatusCode status, string body)
    {
        string? why = null;
        try
        {
            using var problem = JsonDocument.Parse(body);
            why = problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var detail) ? detail.ToString() : null;
        }
        catch (JsonException)
        {
            // Something between here and the server answered in its place.
        }

        return new Refusal("edge.enrolment_refused", $"The server did not enrol this edge: {why ?? $"it answered {(int)status} and gave no reason."}");
    }

    private static string Request(SigningKey key)
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(key.ExportPem());
        return new CertificateRequest("CN=pilotage-edge", ecdsa, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }

    private static Outcome<EdgeIdentity> Read(byte[] bytes, SigningKey key)
    {
        try
        {
            var answer = JsonSerializer.Deserialize(bytes, EdgeJson.Default.EnrolResponse)!;
            var keys = new List<PublicKey>();
            foreach (var pem in answer.ReleaseKeys)
            {
                if (!PublicKey.FromPem(pem).TryGet(out var releaseKey, out var refusal))
                {
                    return refusal;
                }

                keys.Add(releaseKey);
            }

            return new EdgeIdentity(
                new TenantId(answer.Tenant),
                new DeviceId(answer.Device),
                answer.Path,
                X509Certificate2.CreateFromPem(answer.Certificate, key.ExportPem()),
                X509Certificate2.CreateFromPem(answer.Authority),
                key,
                keys);
        }
        catch (Exception fault) when (fault is JsonException or CryptographicException)
        {
            return new Refusal("edge.identity_damaged", $"The identity of this edge cannot be read: {fault.Message}");
        }
    }
}
