using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Server.Hosting;
using Pilotage.Server.Hosting.Description;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>The API document is a contract: the committed copy is what was reviewed, and the running server serves exactly that.</summary>
public sealed class ApiDocumentTests : IAsyncLifetime
{
    private const string AcceptVariable = "PILOTAGE_ACCEPT";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-document-").FullName;
    private JsonNode _document = new JsonObject();

    public async Task InitializeAsync()
    {
        var options = new ServerOptions { DataFolder = _folder, Http = new IPEndPoint(IPAddress.Loopback, 0), Mqtts = new IPEndPoint(IPAddress.Loopback, 0) };
        using var data = DataFolder.Open(_folder).Value;
        await using var app = ServerHost.Build(data, options, TimeProvider.System).Value;
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        _document = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json").WaitAsync(Patience))!;
        await app.StopAsync();
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Is_the_committed_copy()
    {
        var file = Path.Combine(Root(), "docs/contracts/openapi.json");
        var served = _document.ToJsonString(Indented) + "\n";
        if (Environment.GetEnvironmentVariable(AcceptVariable) == "1")
        {
            await File.WriteAllTextAsync(file, served);
        }

        Assert.True(
            served == await File.ReadAllTextAsync(file),
            "The API changed. Look at what it means for callers, write it into CHANGELOG.md, then: ./test accept, and commit docs/contracts/openapi.json.");
    }

    [Fact]
    public void Every_operation_has_words_a_permission_an_answer_and_problems()
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, operation) in Operations())
        {
            Assert.True(operation["operationId"] is { } id && ids.Add(id.ToString()), $"{name}: no operationId, or one that stands twice; add it to ApiWords");
            Assert.True(operation["summary"]?.ToString() is { Length: > 10 } summary && summary.EndsWith('.'), $"{name}: no summary");
            Assert.True(operation["x-permission"]?.ToString() is "open" or { Length: > 8 }, $"{name}: no permission");
            var responses = operation["responses"]!.AsObject();
            Assert.Contains(responses, response => response.Key.StartsWith('2'));
            Assert.Contains("default", responses.Select(response => response.Key));
            var media = ApiWords.All.First(words => words.Id == $"{operation["operationId"]}").Problem is null ? "application/problem+json" : "application/json";
            Assert.All(responses.Where(response => !response.Key.StartsWith('2')), response => Assert.NotNull(response.Value!["content"]![media]));
            var closed = operation["x-permission"]!.ToString() != "open";
            Assert.Equal(closed, responses.ContainsKey("401"));
            Assert.Equal(closed, operation["security"] is JsonArray { Count: > 0 });
        }

        Assert.Empty(ApiWords.All.Select(words => words.Id).Except(ids));
    }

    [Fact]
    public void Doors_for_clients_of_other_products_are_in_it_with_what_they_take()
    {
        var write = _document["paths"]!["/api/v2/write"]!["post"]!;
        Assert.NotNull(write["requestBody"]!["content"]!["text/plain"]);
        Assert.Equal(["org", "orgID", "bucket", "precision"], write["parameters"]!.AsArray().Select(one => (string?)one!["name"]));
        Assert.NotNull(write["responses"]!["204"]);
        var query = _document["paths"]!["/prometheus/api/v1/query"]!;
        Assert.Equal(["query", "time", "timeout"], query["get"]!["parameters"]!.AsArray().Select(one => (string?)one!["name"]));
        Assert.NotNull(query["post"]!["requestBody"]!["content"]!["application/x-www-form-urlencoded"]!["schema"]!["properties"]!["query"]);
    }

    [Fact]
    public void Enums_are_words_and_numbers_are_numbers()
    {
        foreach (var schema in Schemas(_document["components"]!["schemas"]))
        {
            // Loosely read numbers would show as ["integer", "string"] with a pattern.
            var types = schema["type"] is JsonArray several ? [.. several.Select(one => one!.ToString())] : new[] { schema["type"]?.ToString() };
            Assert.False(types.Contains("string") && (types.Contains("integer") || types.Contains("number")), schema.ToJsonString());
            Assert.True(schema["enum"] is not JsonArray words || words.All(word => word is null || word.GetValueKind() == JsonValueKind.String), schema.ToJsonString());
        }
    }

    private IEnumerable<(string Name, JsonObject Operation)> Operations() =>
        from path in _document["paths"]!.AsObject()
        from method in path.Value!.AsObject()
        select ($"{method.Key} {path.Key}", method.Value!.AsObject());

    private static IEnumerable<JsonObject> Schemas(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(pair => Schemas(pair.Value)).Prepend(map),
        JsonArray list => list.SelectMany(Schemas),
        _ => [],
    };

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Pilotage.slnx")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
