using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Options;
using Pilotage.Server.Hosting.Description;
using Xunit;

namespace Pilotage.Tests.Server.Hosting;

/// <summary>
/// Every route, found in the server itself, against every kind of bad input: never a failure of ours, always a problem with words.
/// </summary>
public sealed class BadRequestSweepTests : IAsyncLifetime
{
    private const int MethodNotAllowed = StatusCodes.Status405MethodNotAllowed;
    private static readonly string[] Names = ["x", "a b", "x\0", "sha256:00", new('y', 3_000), "ü@1"];
    private static readonly string[] Values = ["", "-1", "0", "99999999999999999999", "garbage", "a:b", "%00", new('z', 3_000)];
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public BadRequestSweepTests() => _pipeline = new RequestPipeline(_server);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task No_body_breaks_a_route()
    {
        var (sent, refused) = (0, 0);
        foreach (var (route, method) in Routes().Where(route => BodyOf(route.Route) is not null))
        {
            var type = BodyOf(route)!;
            foreach (var body in BadBodies.Of(type, Json))
            {
                var answer = await _pipeline.AskAsync(method, PathOf(route, "x"), body);
                Check(answer);
                sent++;
                refused += answer.Status >= 400 ? 1 : 0;
            }

            Check(await _pipeline.AskAsync(method, PathOf(route, "x")));
        }

        // Most of what is spoilt is refused; the rest falls on parts that may be left out or hold any text.
        Assert.True(sent > 1_000 && refused > sent / 2, $"{refused} of {sent}");
    }

    [Fact]
    public async Task A_body_that_is_null_empty_or_of_another_kind_is_refused_with_what_is_wanted()
    {
        foreach (var (route, method) in Routes().Where(route => BodyOf(route.Route) is not null))
        {
            foreach (var body in new[] { null, "", "null", "[]", "42", "{" })
            {
                var answer = await _pipeline.AskAsync(method, PathOf(route, "x"), body);
                Assert.True(answer.Status is 400 or 415, $"{answer}");
                answer.Detail();
            }
        }
    }

    [Fact]
    public async Task No_name_in_a_path_breaks_a_route()
    {
        foreach (var (route, method) in Routes().Where(route => route.Route.RoutePattern.Parameters.Count > 0))
        {
            foreach (var name in Names)
            {
                var body = BodyOf(route) is { } type ? BadBodies.Sample(type, Json)!.ToJsonString() : null;
                Check(await _pipeline.AskAsync(method, PathOf(route, name), body));
            }
        }
    }

    [Fact]
    public async Task No_value_of_a_parameter_breaks_a_route_and_what_cannot_be_read_is_named()
    {
        var parsed = 0;
        foreach (var (route, method) in Routes())
        {
            foreach (var parameter in QueryOf(route))
            {
                // A stream that is asked for rightly never ends, so it is asked for wrongly.
                foreach (var value in IsStream(route, method) ? Values.Where(value => parameter.Name == "kind" && value.Length > 0) : Values)
                {
                    Check(await _pipeline.AskAsync(method, PathOf(route, "x"), query: $"?{parameter.Name}={value}"));
                }

                if (parameter.ParameterInfo.ParameterType != typeof(string))
                {
                    var others = QueryOf(route).Where(other => other.Name != parameter.Name && !other.IsOptional).Select(other => $"&{other.Name}=1");
                    var answer = await _pipeline.AskAsync(method, PathOf(route, "x"), query: $"?{parameter.Name}=garbage{string.Concat(others)}");
                    Assert.Equal(StatusCodes.Status400BadRequest, answer.Status);
                    Assert.StartsWith($"{parameter.Name} must be ", answer.Detail(), StringComparison.Ordinal);
                    Assert.Equal(parameter.Name, (string?)answer.Json["errors"]![0]!["where"]);
                    parsed++;
                }
            }
        }

        Assert.True(parsed > 8, $"{parsed}");
    }

    [Fact]
    public async Task A_parameter_that_no_route_knows_is_refused_by_every_route_with_those_it_knows()
    {
        foreach (var (route, method) in Routes())
        {
            var known = QueryOf(route).Select(parameter => parameter.Name).ToList();
            var answer = await _pipeline.AskAsync(method, PathOf(route, "x"), query: $"?{string.Concat(known.Select(name => $"{name}=1&"))}colour=red");
            Assert.True(answer.Status == StatusCodes.Status400BadRequest, $"{answer}");
            var knows = known.Count == 0 ? "this route takes none" : $"this route knows {string.Join(", ", known)}";
            Assert.Equal($"\"colour\" is no parameter here; {knows}.", answer.Detail());
            Assert.Equal("colour", (string?)answer.Json["errors"]![0]!["where"]);
        }
    }

    [Theory]
    [InlineData("?=x", 400)]
    [InlineData("?LIMIT=5", 200)]
    [InlineData("?limit=5&", 200)]
    [InlineData("?", 200)]
    [InlineData("?limit=5&limitt=5", 400)]
    public async Task A_name_is_known_in_any_case_and_nothing_else_is(string query, int status)
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/devices", query: query);
        Assert.True(answer.Status == status, $"{answer}");
        Check(answer);
    }

    [Fact]
    public async Task A_wrong_method_is_told_the_right_one()
    {
        foreach (var (route, method) in Routes())
        {
            var answer = await _pipeline.AskAsync("PATCH", PathOf(route, "x"));
            Assert.True(answer.Status == MethodNotAllowed, $"{answer}");
            Assert.Contains(method, answer.Response.Headers.Allow.ToString(), StringComparison.Ordinal);
            Assert.Contains(method, answer.Detail(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_wrong_type_of_body_is_told_the_right_one()
    {
        foreach (var (route, method) in Routes().Where(route => BodyOf(route.Route) is not null))
        {
            var answer = await _pipeline.AskAsync(method, PathOf(route, "x"), "<a/>", mediaType: "text/xml");
            Assert.True(answer.Status == StatusCodes.Status415UnsupportedMediaType, $"{answer}");
            Assert.Contains("application/json", answer.Detail(), StringComparison.Ordinal);
        }
    }

    private JsonSerializerOptions Json => _server.Get<IOptions<JsonOptions>>().Value.SerializerOptions;

    private static void Check(RequestPipeline.Answer answer)
    {
        Assert.True(answer.Status < 500, $"{answer}");
        if (answer.Status >= 400)
        {
            answer.Detail();
        }
    }

    /// <summary>All of the API; the page, the health of a server that was never started, and the doors for clients of others have answers of their own.</summary>
    private IEnumerable<(RouteEndpoint Route, string Method)> Routes() =>
        from source in ((IEndpointRouteBuilder)_server.App).DataSources
        from route in source.Endpoints.OfType<RouteEndpoint>()
        where route.RoutePattern.RawText!.TrimStart('/').StartsWith("api/v1/", StringComparison.Ordinal)
        from method in route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
        select (route, method);

    private static Type? BodyOf(RouteEndpoint route) => route.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;

    private static bool IsStream(RouteEndpoint route, string method) =>
        ApiWords.Of(method, route.RoutePattern.RawText!.TrimStart('/'))?.Media == "text/event-stream";

    private static IEnumerable<IParameterBindingMetadata> QueryOf(RouteEndpoint route) => route.Metadata.OfType<IParameterBindingMetadata>()
        .Where(parameter => parameter.HasTryParse && route.RoutePattern.GetParameter(parameter.Name) is null);

    private static string PathOf(RouteEndpoint route, string name) => "/" + string.Join(
        '/', route.RoutePattern.PathSegments.Select(segment => segment.Parts[0] is RoutePatternParameterPart
            ? name
            : ((RoutePatternLiteralPart)segment.Parts[0]).Content));
}
