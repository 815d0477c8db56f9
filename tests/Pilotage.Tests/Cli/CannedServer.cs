using System.Net;
using System.Text;

namespace Pilotage.Tests.Cli;

/// <summary>Answers the requests a test expects, and remembers them.</summary>
internal sealed class CannedServer : HttpMessageHandler
{
    private readonly Dictionary<string, (HttpStatusCode Status, string Body)> _answers = [];

    public List<(string Request, string Body)> Requests { get; } = [];

    /// <summary>The condition that each request was sent under, or nothing.</summary>
    public List<string> IfNoneMatch { get; } = [];

    /// <summary>The media type of each request's body, or nothing.</summary>
    public List<string> MediaTypes { get; } = [];

    public CannedServer Answer(string request, string body, HttpStatusCode status = HttpStatusCode.OK)
    {
        _answers[request] = (status, body);
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var name = $"{request.Method} {request.RequestUri!.PathAndQuery}";
        IfNoneMatch.Add(request.Headers.IfNoneMatch.ToString());
        MediaTypes.Add(request.Content?.Headers.ContentType?.MediaType ?? "");
        Requests.Add((name, request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken)));
        var (status, body) = _answers.TryGetValue(name, out var answer)
            ? answer
            : (HttpStatusCode.NotFound, """{"type":"https://pilotage.dev/problems/http.not_found","detail":"nothing here","traceId":"t-1"}""");
        return new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
    }
}
