using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Pilotage.System.Server;

/// <summary>A running server from outside: what its ready line says, and its API.</summary>
internal sealed class ServerDoor : IDisposable
{
    private readonly HttpClient _http;

    public ServerDoor(string readyLine, string token)
    {
        var words = readyLine.Split(' ').Skip(1).Select(word => word.Split('=', 2)).ToDictionary(word => word[0], word => word[1]);
        MqttPort = PortOf(words["mqtt"]);
        MqttsPort = PortOf(words["mqtts"]);
        WsPort = words.TryGetValue("ws", out var ws) ? PortOf(ws) : 0;
        Http = new Uri(words["http"]);
        _http = new HttpClient { BaseAddress = Http, Timeout = TimeSpan.FromMinutes(2) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
    }

    public Uri Http { get; }

    public int MqttPort { get; }

    public int MqttsPort { get; }

    /// <summary>0 unless the server was started with <c>--ws</c>.</summary>
    public int WsPort { get; }

    public async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpMethod method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        using var response = await _http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Posts a body that is no JSON of ours.</summary>
    public async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, string mediaType, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, mediaType);
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Puts a body that is no JSON of ours.</summary>
    public async Task<HttpStatusCode> PutAsync(string path, string mediaType, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, mediaType);
        using var response = await _http.PutAsync(new Uri(path, UriKind.Relative), content);
        return response.StatusCode;
    }

    /// <summary>The answer, which must be a good one.</summary>
    public async Task<JsonNode> GetAsync(string path)
    {
        var (status, body) = await AskAsync(HttpMethod.Get, path);
        return status == HttpStatusCode.OK ? JsonNode.Parse(body)! : throw new InvalidOperationException($"GET {path}: {(int)status} {body}");
    }

    /// <summary>Whether the server calls itself ready, and what it says.</summary>
    public async Task<(bool IsReady, string Says)> ReadinessAsync()
    {
        var (status, body) = await AskAsync(HttpMethod.Get, "healthz/ready");
        return (status == HttpStatusCode.OK, body);
    }

    public void Dispose() => _http.Dispose();

    private static int PortOf(string address) => int.Parse(address[(address.LastIndexOf(':') + 1)..]);
}
