using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Training;
using Xunit;

namespace Pilotage.Tests.Server.Hosting;

/// <summary>What a problem says: where the fault lies, what must stand there, what to do.</summary>
public sealed class BadRequestTests : IClassFixture<BadRequestTests.Asked>
{
    private readonly TestServerFolder _server;
    private readonly RequestPipeline _pipeline;

    public BadRequestTests(Asked asked)
    {
        ArgumentNullException.ThrowIfNull(asked);
        (_server, _pipeline) = (asked.Server, asked.Pipeline);
    }

    [Theory]
    [InlineData("POST", "packages", """{"files":null}""", "/files", "/files must be an object of names and values, not null.")]
    [InlineData("POST", "packages", """{"files":{"things/a.json":null}}""", "/files/things~1a.json", "/files/things~1a.json must be text in base64, not null.")]
    [InlineData("POST", "enrolments", "{}", "/devices", "The body lacks devices (a list).")]
    [InlineData("POST", "enrolments", """{"devices":null}""", "/devices", "/devices must be a list, not null.")]
    [InlineData("POST", "enrolments", """{"devices":[null]}""", "/devices/0", "/devices/0 must be an object, not null.")]
    [InlineData("POST", "enrolments", """{"devices":[{"path":"acme/a/b"}]}""", "/devices/0/thing", "/devices/0 lacks thing (text).")]
    [InlineData("POST", "enrolments", """{"devices":[{"path":7,"thing":"pump"}]}""", "/devices/0/path", "/devices/0/path must be text.")]
    [InlineData("POST", "enrolments", """{"devices":[]}""", "/devices", "At least one device is needed; give each its path and thing.")]
    [InlineData("POST", "runs", """{"dataset":null,"version":"1"}""", "/dataset", "/dataset must be text, not null.")]
    [InlineData("PUT", "people/a", """{"displayName":null,"roles":[]}""", "/displayName", "/displayName must be text, not null.")]
    [InlineData("PUT", "people/a", """{"displayName":"A","roles":["sponsor",null]}""", "/roles/1", "/roles/1 must be text, not null.")]
    [InlineData("POST", "models/a/versions/1/evaluations", """{"devices":null}""", "/devices", "/devices must be an object of names and values, not null.")]
    [InlineData("POST", "models/a/versions/1/evaluations", """{"devices":{"b":1e999}}""", "/devices/b", "/devices/b must be a number that is finite.")]
    [InlineData("POST", "use-cases", """{"package":null}""", "/package", "/package must be text, not null.")]
    [InlineData("POST", "runs", """{"dataset":"a","version":"1","pakage":"b"}""", "/pakage", "The body holds \"pakage\", which is not known there; it takes dataset, version, package.")]
    [InlineData("POST", "enrolments", """{"devices":[{"path":"acme/a/b","thing":"pump","egde":"e"}]}""", "/devices/0/egde", "/devices/0 holds \"egde\", which is not known there; it takes path, thing, id, edge, hardware.")]
    [InlineData("PUT", "brake", """{"pulled":true,"a/b":1}""", "/a~1b", "The body holds \"a/b\", which is not known there; it takes pulled.")]
    [InlineData("PUT", "brake", "{}", "/pulled", "The body lacks pulled (true or false).")]
    public async Task A_body_is_refused_at_its_place(string method, string path, string body, string where, string says)
    {
        var answer = await _pipeline.AskAsync(method, "/api/v1/" + path, body);
        Assert.Equal(StatusCodes.Status400BadRequest, answer.Status);
        Assert.Equal(says, answer.Detail());
        Assert.Equal(where, (string?)answer.Json["errors"]![0]!["where"]);
    }

    [Fact]
    public async Task A_body_that_is_no_json_is_refused_with_line_and_byte_and_what_is_wanted()
    {
        var answer = await _pipeline.AskAsync("POST", "/api/v1/runs", "{\n  \"dataset\": engine }");
        Assert.StartsWith("The body is not JSON at line 2, byte 14:", answer.Detail(), StringComparison.Ordinal);
        Assert.EndsWith("Send a JSON object of dataset (text, required), version (text, required), package (text).", answer.Detail(), StringComparison.Ordinal);
        Assert.Equal("https://pilotage.dev/problems/request.malformed", (string?)answer.Json["type"]);
    }

    [Theory]
    [InlineData("devices?limit=0", "limit", "limit is 0; give 1 to 10000, or leave it out for 1000.")]
    [InlineData("devices?limit=10001", "limit", "limit is 10001; give 1 to 10000, or leave it out for 1000.")]
    [InlineData("devices?limit=ten", "limit", "limit must be a whole number, or left out.")]
    [InlineData("devices?cursor=garbage", "cursor", null)]
    [InlineData("devices?status=7", "status", null)]
    [InlineData("devices?status=lost", "status", "status must be one of declared, enrolled, revoked, or left out.")]
    [InlineData("audit?limit=-1", "limit", "limit is -1; give 1 to 1000, or leave it out for 100.")]
    [InlineData("audit?before=-1", "before", null)]
    [InlineData("alerts?limit=0", "limit", null)]
    [InlineData("alerts?cursor=-1", "cursor", null)]
    [InlineData("messages/bad?limit=0", "limit", null)]
    [InlineData("lineage", "node", "node must be text and is required.")]
    [InlineData("lineage?node=alert:a&limit=10001", "limit", null)]
    [InlineData("events?kind=weather", "kind", "kind is \"weather\"; give one of telemetry, event, presence, or leave it out for all.")]
    [InlineData("devices/pump/events?type=stop&cursor=-1", "cursor", null)]
    [InlineData("devices/pump/events?type=stop&limit=1001", "limit", null)]
    [InlineData("devices/pump/series/wear@r/y?points=1", "points", "points is 1; give 2 to 20000, or leave it out for 1000.")]
    [InlineData("devices/pump/series/wear@r/y?from=yesterday", "from", "from must be a time such as 2026-01-31T12:00:00Z, or left out.")]
    [InlineData("devices/pump/series/wear@r/y?from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z", "from", null)]
    public async Task A_parameter_out_of_range_is_refused_by_name(string target, string parameter, string? says)
    {
        var (path, query) = target.Split('?') is [var left, var right] ? (left, "?" + right) : (target, "");
        var answer = await _pipeline.AskAsync("GET", "/api/v1/" + path, query: query);
        Assert.True(answer.Status == StatusCodes.Status400BadRequest, $"{answer}");
        Assert.Equal(says ?? answer.Detail(), answer.Detail());
        Assert.StartsWith(parameter + " ", answer.Detail(), StringComparison.Ordinal);
        Assert.Equal("https://pilotage.dev/problems/request.query", (string?)answer.Json["type"]);
        Assert.Equal(parameter, (string?)answer.Json["errors"]![0]!["where"]);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("10000")]
    public async Task The_ends_of_a_range_are_inside(string limit) =>
        Assert.Equal(StatusCodes.Status200OK, (await _pipeline.AskAsync("GET", "/api/v1/devices", query: $"?limit={limit}")).Status);

    [Fact]
    public async Task A_series_nobody_measured_is_not_found_and_one_of_a_model_can_be_waited_for()
    {
        var unknown = await _pipeline.AskAsync("GET", "/api/v1/devices/pump/series/temprature");
        Assert.Equal(StatusCodes.Status404NotFound, unknown.Status);
        Assert.Contains("has no series \"temprature\"; nothing was measured there yet", unknown.Detail(), StringComparison.Ordinal);
        Assert.Equal(0, (int?)(await _pipeline.AskAsync("GET", "/api/v1/devices/pump/series/wear@rel_1/y", query: "?from=0001-01-01T00:00:00Z")).Json["total"]);
    }

    [Fact]
    public async Task A_route_that_is_not_there_says_where_the_routes_are()
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/pumps");
        Assert.Equal(StatusCodes.Status404NotFound, answer.Status);
        Assert.Equal("There is nothing at GET /api/v1/pumps; /openapi/v1.json lists what there is, under /api/v1.", answer.Detail());
    }

    [Fact]
    public async Task A_route_that_forgot_its_permission_stays_closed_through_the_whole_pipeline()
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/forgotten");
        Assert.Equal(StatusCodes.Status403Forbidden, answer.Status);
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
        Assert.Equal(StatusCodes.Status405MethodNotAllowed, (await _pipeline.AskAsync("PUT", "/api/v1/forgotten")).Status);
    }

    [Fact]
    public async Task A_fault_of_ours_is_a_problem_without_its_insides()
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/broken");
        Assert.Equal(StatusCodes.Status500InternalServerError, answer.Status);
        Assert.Contains("traceId", answer.Detail(), StringComparison.Ordinal);
        Assert.NotNull(answer.Json["traceId"]);
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_ours_stands_in_the_log_once_with_its_cause_under_the_traceId_that_was_told()
    {
        using var log = new ErrorLines();
        _server.Get<ILoggerFactory>().AddProvider(log);
        var answer = await _pipeline.AskAsync("GET", "/api/v1/broken");
        var (text, failure) = Assert.Single(log.Lines);
        Assert.Equal($"GET /api/v1/broken failed, which is a fault of the server; traceId {answer.Json["traceId"]}.", text);
        Assert.Equal("a secret of ours", failure?.Message);
    }

    [Fact]
    public async Task A_storage_that_fails_stands_in_the_log_under_the_traceId_too()
    {
        using var log = new ErrorLines();
        _server.Get<ILoggerFactory>().AddProvider(log);
        var answer = await _pipeline.AskAsync("GET", "/api/v1/diskless");
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, answer.Status);
        Assert.Equal($"GET /api/v1/diskless failed because of the storage: the disk is gone; traceId {answer.Json["traceId"]}.", Assert.Single(log.Lines).Text);
    }

    [Fact]
    public void What_is_stored_is_read_as_leniently_as_before()
    {
        const string Stored = """{"dataset":null}""";
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TrainingRequest>(Stored, _server.Get<IOptions<JsonOptions>>().Value.SerializerOptions));
        Assert.NotNull(JsonSerializer.Deserialize<TrainingRequest>(Stored, Json.Web));
    }

    private sealed class ErrorLines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(string Text, Exception? Failure)> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Lines.Enqueue((formatter(state, exception), exception));
            }
        }

        public void Dispose()
        {
        }
    }

    /// <summary>One server for all of it: nothing that is refused changes anything.</summary>
    public sealed class Asked : IAsyncLifetime
    {
        public Asked()
        {
            Server.App.MapGet("/api/v1/forgotten", () => "secret");
            Server.App.MapGet("/api/v1/broken", IResult () => throw new InvalidOperationException("a secret of ours")).OpenToAll("it is broken for everybody");
            Server.App.MapGet("/api/v1/diskless", IResult () => throw new StorageException(StorageFault.Io, "the disk is gone.")).OpenToAll("it is broken for everybody");
            Pipeline = new RequestPipeline(Server, hasOwnRoutes: true);
            Server.Get<IFleet>().Declare(new TenantId("acme"), [new DeviceDeclaration("acme/lyon/pump", "pump")]);
        }

        internal TestServerFolder Server { get; } = new();

        internal RequestPipeline Pipeline { get; }

        public Task InitializeAsync() => Task.CompletedTask;

        public async Task DisposeAsync() => await Server.DisposeAsync();
    }
}
