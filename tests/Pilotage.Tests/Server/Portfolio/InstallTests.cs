using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Package;
using Pilotage.Tests.Server.Package;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio;

/// <summary>A newer version replaces an older one, and nothing else does.</summary>
public sealed class InstallTests : IAsyncLifetime
{
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;
    private readonly Dictionary<string, string> _texts = SamplePackage.Texts();

    public InstallTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync() => await InstallAsync("1.2.0", StatusCodes.Status200OK);

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_newer_version_replaces_an_older_one()
    {
        var useCase = await InstallAsync("1.10.0", StatusCodes.Status200OK);
        Assert.Equal("1.10.0", (string?)useCase.Json["version"]);
    }

    [Fact]
    public async Task The_same_package_may_come_again_with_another_site()
    {
        _texts["site.yaml"] = _texts["site.yaml"].Replace("value: 4200", "value: 4300", StringComparison.Ordinal);
        await InstallAsync("1.2.0", StatusCodes.Status200OK);
    }

    [Fact]
    public async Task The_same_version_with_another_content_is_refused()
    {
        _texts["README.md"] = "changed";
        var answer = await SendAsync("1.2.0");
        Assert.Equal(StatusCodes.Status409Conflict, answer.Status);
        Assert.StartsWith("pump-bearings 1.2.0 is here with another content, sha256:", answer.Detail(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("admin.token")]
    [InlineData("keys/ca.key")]
    [InlineData("models/weights.onnx")]
    [InlineData(".git/README.md")]
    [InlineData("a/b/c/d/e/README.md")]
    public async Task A_file_that_no_package_has_is_refused_by_name(string name)
    {
        _texts[name] = "secret";
        var answer = await SendAsync("1.3.0");
        Assert.Equal(StatusCodes.Status422UnprocessableEntity, answer.Status);
        Assert.StartsWith($"{name}: is not part of a package (usecase.yaml, ", answer.Detail(), StringComparison.Ordinal);
        Assert.Equal([name], answer.Json["errors"]!.AsArray().Select(fault => (string?)fault!["where"]));
    }

    [Fact]
    public async Task An_older_version_is_refused()
    {
        var answer = await SendAsync("1.1.9");
        Assert.Equal(StatusCodes.Status409Conflict, answer.Status);
        Assert.StartsWith("pump-bearings 1.2.0 is here, and 1.1.9 is older; raise version:", answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_package_that_was_sent_before_is_not_installed_again()
    {
        var older = (string?)(await SendAsync("1.2.0")).Json["digest"];
        await InstallAsync("1.3.0", StatusCodes.Status200OK);

        var answer = await InstallAsync(older);

        Assert.Equal(StatusCodes.Status409Conflict, answer.Status);
        Assert.StartsWith("pump-bearings 1.3.0 is here", answer.Detail(), StringComparison.Ordinal);
        Assert.Equal("1.3.0", (string?)(await _pipeline.AskAsync("GET", "/api/v1/use-cases/pump-bearings")).Json["version"]);
    }

    /// <summary>The order that clause 11 of Semantic Versioning gives as its example, and numbers that are not words.</summary>
    [Fact]
    public void Versions_are_ordered_as_the_standard_says()
    {
        string[] rising =
        [
            "0.9.10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0",
        ];
        for (var i = 0; i < rising.Length; i++)
        {
            for (var j = 0; j < rising.Length; j++)
            {
                Assert.Equal(i.CompareTo(j), Math.Sign(PackageVersion.Compare(rising[i], rising[j])));
            }
        }
    }

    private async Task<RequestPipeline.Answer> InstallAsync(string version, int status)
    {
        var answer = await InstallAsync((string?)(await SendAsync(version)).Json["digest"]);
        Assert.True(answer.Status == status, $"{answer}");
        return answer;
    }

    private Task<RequestPipeline.Answer> InstallAsync(string? package) =>
        _pipeline.AskAsync("POST", "/api/v1/use-cases", new JsonObject { ["package"] = package }.ToJsonString());

    private Task<RequestPipeline.Answer> SendAsync(string version)
    {
        _texts["usecase.yaml"] = SamplePackage.Texts()["usecase.yaml"].Replace("version: 1.2.0", $"version: {version}", StringComparison.Ordinal);
        var files = new JsonObject(SamplePackage.Bytes(_texts)
            .Select(file => KeyValuePair.Create(file.Key, (JsonNode?)Convert.ToBase64String(file.Value.Span))));
        return _pipeline.AskAsync("POST", "/api/v1/packages", new JsonObject { ["files"] = files }.ToJsonString());
    }
}
