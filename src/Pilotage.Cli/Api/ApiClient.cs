using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Api;

/// <summary>The HTTP API as the verbs use it: JSON in, JSON out, every problem a <see cref="CliFailure"/>.</summary>
internal sealed class ApiClient : IDisposable
{
    // What is missing of an answer that has no place to say so.
    private const string NoteHeader = "X-Pilotage-Note";
    private const string TokenHint = "--token-file DATA/admin.token of the running server";
    private static readonly Dictionary<string, string> ListVerbs = new(StringComparer.Ordinal)
    {
        ["use-cases"] = "usecase", ["devices"] = "device", ["models"] = "model", ["rollouts"] = "rollout", ["alerts"] = "alert", ["people"] = "person",
        ["things"] = "thing", ["mappings"] = "mapping", ["sources"] = "source",
    };

    // What was not found is named by the refusal, wherever it was asked for.
    private static readonly Dictionary<string, string> ListVerbsByCode = new(StringComparer.Ordinal)
    {
        ["fabric.contract.not_found"] = "contract", ["fabric.mapping.not_found"] = "mapping", ["fabric.source.not_found"] = "source",
        ["fabric.retention.not_found"] = "retention", ["fabric.thing.not_found"] = "thing", ["fleet.device.not_found"] = "device", ["fabric.asset.not_found"] = "asset",
    };

    private readonly HttpClient _http;

    public ApiClient(Uri server, string token, HttpMessageHandler? handler = null)
    {
        _http = handler is null ? new HttpClient() : new HttpClient(handler, disposeHandler: false);
        _http.BaseAddress = server;
        // Training runs are answered when done; a caller that wants less passes its own cancellation.
        _http.Timeout = TimeSpan.FromMinutes(5);
        if (token.Length == 0 || !token.All(letter => letter is > ' ' and < '\x7f'))
        {
            throw new CliFailure(ExitCode.NotAllowed, "the token file holds no token", "it is empty or holds something else than one word of plain letters", TokenHint);
        }

        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Task<JsonNode?> GetAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, path, null, cancellation);

    public Task<JsonNode?> PostAsync(string path, JsonNode body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, Json(body), cancellation);

    /// <summary>Any change; null where the server has nothing to say about it.</summary>
    /// <param name="onlyNew">Refused by the server where the thing is there already (RFC 9110, section 13.1.2).</param>
    public Task<JsonNode?> ChangeAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellation, bool onlyNew = false) =>
        SendAsync(method, path, body is null ? null : Json(body), cancellation, onlyNew);

    public Task<JsonNode?> PutAsync(string path, JsonNode body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Put, path, Json(body), cancellation);

    /// <summary>Sends bytes as they are, an artifact for example.</summary>
    /// <param name="onlyNew">Refused by the server where the thing is there already.</param>
    public Task<JsonNode?> PutBytesAsync(string path, byte[] body, CancellationToken cancellation, string media = "application/octet-stream", bool onlyNew = false)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new(media);
        return SendAsync(HttpMethod.Put, path, content, cancellation, onlyNew);
    }

    /// <summary>Sends a body as it is; a refusal comes back as an answer too, for whoever can do something about it.</summary>
    public async Task<ApiAnswer> AnswerAsync(HttpMethod method, string path, HttpContent content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await TryAsync(() => _http.SendAsync(request, cancellation));
        var failure = await FailureOfAsync(response, path, cancellation);
        var body = failure is null ? Problem(await response.Content.ReadAsStringAsync(cancellation)) : null;
        return new ApiAnswer(response.StatusCode, body, response.Headers.RetryAfter?.Delta, failure);
    }

    /// <summary>Hands on the body as it comes, however long it is; what the server notes beside it comes back, null where that is nothing.</summary>
    public async Task<string?> CopyAsync(
        string path, Func<Stream, Task> take, CancellationToken cancellation, HttpMethod? method = null, JsonNode? body = null, string? accept = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path) { Content = body is null ? null : Json(body) };
        if (accept is not null)
        {
            request.Headers.Accept.ParseAdd(accept);
        }

        using var response = await TryAsync(() => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation));
        await RefuseProblemAsync(response, path, cancellation);
        await using var copied = await response.Content.ReadAsStreamAsync(cancellation);
        await take(copied);
        return response.Headers.TryGetValues(NoteHeader, out var notes) ? string.Join(' ', notes) : null;
    }

    /// <summary>The body as it is.</summary>
    public async Task<byte[]> GetBytesAsync(string path, CancellationToken cancellation)
    {
        using var response = await TryAsync(() => _http.GetAsync(new Uri(path, UriKind.Relative), cancellation));
        await RefuseProblemAsync(response, path, cancellation);
        return await response.Content.ReadAsByteArrayAsync(cancellation);
    }

    /// <summary>All pages of a list as one array.</summary>
    public async Task<JsonArray> ListAsync(string path, CancellationToken cancellation)
    {
        var all = new JsonArray();
        string? cursor = null;
        do
        {
            var next = cursor is null ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}cursor={Uri.EscapeDataString(cursor)}";
            var page = await GetAsync(next, cancellation);
            foreach (var row in ResultWriter.Rows(page))
            {
                all.Add(row?.DeepClone());
            }

            cursor = (page as JsonObject)?["nextCursor"]?.GetValue<string>();
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>Server-sent events: the data of each, parsed, until the server ends the stream.</summary>
    public async IAsyncEnumerable<JsonNode> StreamAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await TryAsync(
            () => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation));
        await RefuseProblemAsync(response, path, cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal) && JsonNode.Parse(line.AsSpan(5).Trim().ToString()) is { } data)
            {
                yield return data;
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private static StringContent Json(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation, bool onlyNew = false)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (onlyNew)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        }

        using var response = await TryAsync(() => _http.SendAsync(request, cancellation));
        await RefuseProblemAsync(response, path, cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException e)
        {
            throw new CliFailure(ExitCode.Failed, $"{method} {Uri.UnescapeDataString(path)} did not answer with JSON", e.Message, "is --server the address of a Pilotage server?");
        }
    }

    private async Task<HttpResponseMessage> TryAsync(Func<Task<HttpResponseMessage>> send)
    {
        try
        {
            return await send();
        }
        catch (HttpRequestException e)
        {
            throw NoAnswer(e);
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            throw new CliFailure(ExitCode.TimedOut, $"{_http.BaseAddress} did not answer in {_http.Timeout.TotalSeconds:0} s");
        }
    }

    /// <summary>A port that answers in another protocol is there; the runtime then speaks of frames and streams.</summary>
    private CliFailure NoAnswer(HttpRequestException failure)
    {
        var server = _http.BaseAddress!;
        var other = new UriBuilder(server) { Scheme = server.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeHttp : Uri.UriSchemeHttps }.Uri;
        var isSecure = server.Scheme == Uri.UriSchemeHttps;
        return (failure.HttpRequestError, Innermost(failure)) switch
        {
            (HttpRequestError.SecureConnectionError, AuthenticationException { Message: var why }) when why.Contains("certificate", StringComparison.OrdinalIgnoreCase) => new(
                ExitCode.Failed, $"the certificate of {server} is not trusted here", why, "SSL_CERT_FILE with the authority of the server, DATA/ca.pem; or, on its own machine, the http= address of its ready line") { Unreachable = true },
            (HttpRequestError.SecureConnectionError, _) => new(
                ExitCode.Failed, $"{server} does not speak TLS", "something listens there, and what it answers is no handshake: it may be the port for plain HTTP",
                $"--server {other}, or the https= address of the server's ready line") { Unreachable = true },
            (HttpRequestError.ResponseEnded or HttpRequestError.InvalidResponse, _) when !isSecure => new(
                ExitCode.Failed, $"{server} does not speak HTTP", "something listens there, and what it answers is no HTTP: it may be the port for TLS, or for MQTT",
                $"--server {other}, or the http= address of the server's ready line") { Unreachable = true },
            (_, var cause) => new(ExitCode.Failed, $"no answer from {server}", cause.Message, "is the server running? pilotage demo, or pilotage server --data DIR") { Unreachable = true },
        };
    }

    private static async Task RefuseProblemAsync(HttpResponseMessage response, string path, CancellationToken cancellation)
    {
        if (await FailureOfAsync(response, path, cancellation) is { } failure)
        {
            throw failure;
        }
    }

    private static async Task<CliFailure?> FailureOfAsync(HttpResponseMessage response, string path, CancellationToken cancellation)
    {
        if (response.IsSuccessStatusCode)
        {
            return null;
        }

        var problem = Problem(await response.Content.ReadAsStringAsync(cancellation));
        var code = problem?["type"]?.ToString().Split('/')[^1];
        var what = problem?["detail"]?.ToString() ?? problem?["title"]?.ToString() ?? $"{Uri.UnescapeDataString(path)} was refused";
        return new CliFailure(Exit(response.StatusCode, code), what, Why(response, code, problem, what), Try(response.StatusCode, code, path) ?? Command(what))
        {
            Code = code,
            Faults = [.. (problem?["errors"] as JsonArray ?? []).Select(fault => ($"{fault?["where"]}", $"{fault?["message"]}"))],
        };
    }

    private static JsonObject? Problem(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Where the fault lies; one that is the whole message already is not said twice. Of several, each is said by itself.</summary>
    private static string Why(HttpResponseMessage response, string? code, JsonObject? problem, string what)
    {
        var parts = new List<string> { $"HTTP {(int)response.StatusCode}{(code is null ? "" : $" {code}")}" };
        parts.AddRange((problem?["errors"] is JsonArray { Count: > 1 } ? null : problem?["errors"]) switch
        {
            JsonObject map => map.Select(pair => $"{pair.Key}: {Column.Text(pair.Value)}"),
            JsonArray list => list.Select(entry => entry?["message"]?.ToString() == what ? $"at {entry["where"]}" : $"{entry?["where"]}: {entry?["message"]}"),
            _ => [],
        });
        if (problem?["traceId"] is { } trace)
        {
            parts.Add($"trace {trace}");
        }

        return string.Join("; ", parts);
    }

    private static int Exit(HttpStatusCode status, string? code) => status switch
    {
        HttpStatusCode.NotFound => ExitCode.NotFound,
        _ when code is not null && (code.StartsWith("gate.", StringComparison.Ordinal) || code.StartsWith("policy.", StringComparison.Ordinal)) => ExitCode.Refused,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ExitCode.NotAllowed,
        HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed => ExitCode.Conflict,
        HttpStatusCode.UnprocessableEntity => ExitCode.Refused,
        HttpStatusCode.BadRequest => ExitCode.Usage,
        HttpStatusCode.RequestTimeout or HttpStatusCode.GatewayTimeout => ExitCode.TimedOut,
        _ => ExitCode.Failed,
    };

    private static string? Try(HttpStatusCode status, string? code, string path) => (code, path.Split('/', '?')) switch
    {
        ("package.conflict", _) => "raise version: in usecase.yaml, then install again",
        ("access.person.not_found", _) => "pilotage person list shows what there is",
        ("access.role_missing", _) => "pilotage person list shows who holds which role",
        ("stage.not_found" or "gate.not_found" or "gate.role_unknown" or "value.no_data", [_, _, _, var id, ..]) => $"pilotage usecase evidence {Uri.UnescapeDataString(id)} shows its gates and what they need",
        ("baseline.not_found", [_, _, _, var id, ..]) => $"freeze it, once and before the pilot, over the API: POST /api/v1/use-cases/{Uri.UnescapeDataString(id)}/baseline",
        (not null, _) when ListVerbsByCode.TryGetValue(code, out var verb) => $"pilotage {verb} list shows what there is",
        (_, ["api", "v1", var noun, ..]) when status == HttpStatusCode.NotFound && ListVerbs.TryGetValue(noun, out var verb) => $"pilotage {verb} list shows what there is",
        _ when status == HttpStatusCode.Unauthorized => TokenHint,
        _ => null,
    };

    /// <summary>The command that a refusal of the server ends with.</summary>
    private static string? Command(string what) =>
        what.LastIndexOf(": pilotage ", StringComparison.Ordinal) is >= 0 and var at ? what[(at + 2)..].TrimEnd('.') : null;

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}
