using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;

namespace Pilotage.Server.Models.Artifacts;

/// <summary>Artifacts over HTTP: bytes in, digest out; bytes out by range.</summary>
internal static class ArtifactEndpoints
{
    private const string Octets = "application/octet-stream";

    public static void Map(RouteGroupBuilder api)
    {
        api.MapPut("artifacts", PutAsync).RequirePermission("models.artifact.write", Scope.Tenant);
        api.MapGet("artifacts/{digest}", Get).RequirePermission("models.artifact.read", Scope.Tenant);
    }

    private static async Task<IResult> PutAsync(HttpRequest request, IArtifactStore artifacts, ServerOptions options, CancellationToken cancellation)
    {
        if (request.ContentLength is not { } length)
        {
            return new Refusal("artifact.malformed", "The request does not say how long its body is; send the bytes with a Content-Length.").ToHttp();
        }

        if (length > options.RequestBytesMax)
        {
            return new Refusal("artifact.too_large", $"The artifact has {length} bytes; this server takes at most {options.RequestBytesMax}.").ToHttp();
        }

        using var body = new MemoryStream((int)length);
        await request.Body.CopyToAsync(body, cancellation);
        var digest = artifacts.Put(body.GetBuffer().AsSpan(0, (int)body.Length));
        return TypedResults.Ok(new ArtifactView(digest.ToString(), body.Length));
    }

    private static IResult Get(string digest, IArtifactStore artifacts) =>
        Digest.TryParse(digest, out var wanted)
            ? artifacts.Read(wanted).ToHttp(bytes => TypedResults.File(bytes, Octets, enableRangeProcessing: true))
            : new Refusal("artifact.malformed", $"'{digest}' is not a digest; write sha256: and 64 hex digits.").ToHttp();

    internal sealed record ArtifactView(string Digest, long Bytes);
}
