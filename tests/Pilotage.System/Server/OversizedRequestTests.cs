using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>What the listener itself refuses, or the handler meets while reading, is a problem with words as well.</summary>
public sealed class OversizedRequestTests : IAsyncLifetime
{
    private const int BytesMax = 64 * 1024;
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-oversized-").FullName;
    private readonly HttpClient _http = new();
    private DataFolder? _data;
    private WebApplication? _app;

    public async Task InitializeAsync()
    {
        var options = new ServerOptions
        {
            DataFolder = _folder,
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            Mqtts = new IPEndPoint(IPAddress.Loopback, 0),
            RequestBytesMax = BytesMax,
        };
        _data = DataFolder.Open(_folder).Value;
        _app = ServerHost.Build(_data, options, TimeProvider.System).Value;
        await _app.StartAsync();
        _http.BaseAddress = new Uri(_app.Urls.First());
        _http.DefaultRequestHeaders.Authorization = new("Bearer", (await File.ReadAllTextAsync(Path.Combine(_folder, "admin.token"))).Trim());
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app!.DisposeAsync();
        _data!.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("POST", "/api/v1/packages", true, "request.too_large")]
    [InlineData("POST", "/api/v1/packages", false, "request.too_large")]
    [InlineData("PUT", "/api/v1/artifacts", true, "artifact.too_large")]
    public async Task A_body_over_the_limit_is_told_the_limit(string method, string path, bool saysLength, string code)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes($"{{\"files\":{{}},\"site\":\"{new string('x', 2 * BytesMax)}\"}}"));
        content.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative)) { Content = content };
        request.Headers.TransferEncodingChunked = !saysLength;
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal("https://pilotage.dev/problems/" + code, (string?)problem["type"]);
        Assert.Contains($"{BytesMax}", (string?)problem["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_browser_that_takes_no_json_gets_the_problem_all_the_same()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/v1/pumps", UriKind.Relative));
        request.Headers.Accept.ParseAdd("text/html");
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("There is nothing at GET /api/v1/pumps", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
