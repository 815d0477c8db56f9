using System.Net;
using System.Net.Http.Headers;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Trust;

namespace Pilotage.Edge.Updates;

/// <summary>Fetches artifacts by digest, resuming by range where a connection broke, never reading more than was signed.</summary>
internal sealed class Downloader(HttpClient http, ReleaseStore store, string partsPath)
{
    /// <summary>Brings every artifact here and checks its bytes; refused when the server gives other bytes than were signed.</summary>
    public async Task<Outcome<VerifiedRelease>> StageAsync(VerifiedRelease release, CancellationToken cancellation)
    {
        Directory.CreateDirectory(partsPath);
        foreach (var artifact in release.Manifest.Artifacts.Where(artifact => !store.Has(artifact)))
        {
            var content = await FetchAsync(artifact, cancellation);
            if (!ReleaseVerifier.CheckArtifact(artifact, content).TryGet(out var right, out var refusal))
            {
                return refusal;
            }

            store.Keep(artifact, right.Span);
        }

        store.Commit(release);
        return release;
    }

    private async Task<byte[]> FetchAsync(ReleaseArtifact artifact, CancellationToken cancellation)
    {
        var part = Path.Combine(partsPath, artifact.Digest["sha256:".Length..]);
        await using (var file = new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite))
        {
            file.Position = file.Length;
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("api/v1/artifacts/" + artifact.Digest, UriKind.Relative));
            if (file.Length > 0)
            {
                request.Headers.Range = new RangeHeaderValue(file.Length, null);
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            response.EnsureSuccessStatusCode();
            if (response.StatusCode != HttpStatusCode.PartialContent)
            {
                file.SetLength(0);
            }

            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            await CopyBoundedAsync(body, file, artifact.Bytes, cancellation);
        }

        // Whole or wrong, the part has done its work; only a broken connection leaves it for the next try.
        var content = await File.ReadAllBytesAsync(part, cancellation);
        File.Delete(part);
        return content;
    }

    // One byte beyond the signed length is enough to know that it is not the artifact: endless data ends here.
    private static async Task CopyBoundedAsync(Stream from, FileStream to, long bytesMax, CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        int read;
        while (to.Length <= bytesMax && (read = await from.ReadAsync(buffer, cancellation)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }
}
