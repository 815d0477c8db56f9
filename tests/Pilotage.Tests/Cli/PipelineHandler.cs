using System.Net;
using Pilotage.Tests.Server;

namespace Pilotage.Tests.Cli;

/// <summary>Hands the requests of a verb to a built server, without a socket.</summary>
internal sealed class PipelineHandler(RequestPipeline pipeline) : HttpMessageHandler
{
    /// <summary>Requests that changed something.</summary>
    public List<string> Changes { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var uri = request.RequestUri!;
        var body = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var answer = await pipeline.SendAsync(
            request.Method.Method, PathOf(uri), body, uri.Query, request.Content?.Headers.ContentType?.ToString(),
            ("Content-Encoding", request.Content?.Headers.ContentEncoding.FirstOrDefault()), ("Accept", request.Headers.Accept.FirstOrDefault()?.ToString()));
        if (request.Method != HttpMethod.Get)
        {
            Changes.Add($"{request.Method} {uri.AbsolutePath}");
        }

        var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = new ByteArrayContent(answer.Bytes) { Headers = { ContentType = new("application/json") } } };
        foreach (var (name, values) in answer.Response.Headers.Where(header => header.Key.StartsWith("X-", StringComparison.Ordinal)))
        {
            response.Headers.Add(name, (IEnumerable<string?>)values);
        }

        return response;
    }

    /// <summary>As Kestrel hands it on: everything decoded but the slashes inside of a segment.</summary>
    private static string PathOf(Uri uri) => string.Join("%2F", uri.AbsolutePath.Split("%2F").Select(Uri.UnescapeDataString));
}
