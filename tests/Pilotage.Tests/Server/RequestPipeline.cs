using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Pilotage.Tests.Server;

/// <summary>The whole pipeline of a built server, asked without a socket, by the administrator.</summary>
internal sealed class RequestPipeline
{
    // Making a route takes the compiler as long as it takes to answer it a thousand times, and a handler takes all it needs out of the request.
    private static readonly Lock Making = new();
    private static IReadOnlyList<Endpoint>? s_endpoints;
    private readonly TestServerFolder _server;
    private readonly RequestDelegate _pipeline;
    private readonly string _token;

    /// <param name="server">The server.</param>
    /// <param name="hasOwnRoutes">Whether a test gave it routes that no other server has.</param>
    public RequestPipeline(TestServerFolder server, bool hasOwnRoutes = false)
    {
        _server = server;
        _token = File.ReadAllText(Path.Combine(server.Path, "admin.token")).Trim();

        // The host would end the pipeline with the endpoints, but nobody starts it here.
        IApplicationBuilder app = server.App;
        if (!hasOwnRoutes)
        {
            IEndpointRouteBuilder routes = server.App;
            var endpoints = EndpointsOf(routes);
            routes.DataSources.Clear();
            routes.DataSources.Add(new DefaultEndpointDataSource(endpoints));
        }

        app.UseEndpoints(_ => { });
        _pipeline = app.Build();
    }

    private static IReadOnlyList<Endpoint> EndpointsOf(IEndpointRouteBuilder routes)
    {
        lock (Making)
        {
            return s_endpoints ??= [.. routes.DataSources.SelectMany(source => source.Endpoints)];
        }
    }

    public Task<Answer> AskAsync(string method, string path, string? body = null, string query = "", string? mediaType = "application/json", string? ifNoneMatch = null) =>
        SendAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), query, mediaType, ("If-None-Match", ifNoneMatch));

    /// <summary>The same with a body of bytes, and headers that replace those of the administrator's requests.</summary>
    public async Task<Answer> SendAsync(string method, string path, byte[]? body, string query, string? mediaType, params (string Name, string? Value)[] headers)
    {
        await using var scope = _server.App.Services.CreateAsyncScope();
        var bytes = body ?? [];
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(bytes.Length > 0));
        context.Request.Method = method;
        context.Request.Path = path;
        context.Request.QueryString = new QueryString(query);
        context.Request.Headers.Authorization = $"Bearer {_token}";
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        if (body is not null)
        {
            context.Request.ContentType = mediaType;
            context.Request.ContentLength = bytes.Length;
            context.Request.Body = new MemoryStream(bytes);
        }

        using var answer = new MemoryStream();
        context.Response.Body = answer;
        await _pipeline(context);
        return new Answer($"{method} {path}{query} {Encoding.UTF8.GetString(bytes)}", context.Response, answer.ToArray());
    }

    /// <summary>What came back, and what was asked, so that a failure says it.</summary>
    internal sealed record Answer(string Asked, HttpResponse Response, byte[] Bytes)
    {
        public string Text => Encoding.UTF8.GetString(Bytes);

        public int Status => Response.StatusCode;

        public JsonNode Json => JsonNode.Parse(Text)!;

        /// <summary>The sentence of a problem that has all a caller needs.</summary>
        public string Detail()
        {
            Assert.True(Response.ContentType?.StartsWith("application/problem+json", StringComparison.Ordinal) == true, $"{this}: {Response.ContentType}");
            Assert.StartsWith("https://pilotage.dev/problems/", (string?)Json["type"], StringComparison.Ordinal);
            Assert.Equal(Status, (int?)Json["status"]);
            var detail = (string?)Json["detail"] ?? "";
            Assert.True(detail.Length > 15 && !detail.Contains("System.", StringComparison.Ordinal) && !detail.Contains("JsonException", StringComparison.Ordinal), $"{this}");
            return detail;
        }

        public override string ToString() => $"{(Asked.Length > 400 ? Asked[..400] : Asked)} => {Status} {(Text.Length > 600 ? Text[..600] : Text)}";
    }

    private sealed record BodyDetection(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;
}
