using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Server.Hosting;

/// <summary>A request that finds no memory is refused for now, readiness tells it for a while, and metrics count it.</summary>
public sealed class MemoryFaultTests : IAsyncLifetime
{
    private const string Limit = "pilotage.memory.limit";
    private const string Used = "pilotage.memory.used";
    private readonly ManualTime _time = new();
    private readonly TestServerFolder _server;
    private readonly RequestPipeline _pipeline;

    public MemoryFaultTests()
    {
        _server = new TestServerFolder(_time);
        _server.App.MapGet("/api/v1/huge", () => new string('x', int.MaxValue)).OpenToAll("no text may be as long, whatever memory there is");
        _server.App.MapGet("/api/v1/wrapped", IResult () => throw new InvalidOperationException("ours", new AggregateException(new SqliteException("out of memory", 7)))).OpenToAll("the catalogue found none");
        _pipeline = new RequestPipeline(_server, hasOwnRoutes: true);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("/api/v1/huge")]
    [InlineData("/api/v1/wrapped")]
    public async Task What_finds_no_memory_is_told_what_why_and_when_to_try_again(string route)
    {
        using var counted = new CountedMetrics("pilotage.memory.refused");
        var answer = await _pipeline.AskAsync("GET", route);
        Assert.Equal((503, "5"), (answer.Status, answer.Response.Headers.RetryAfter.ToString()));
        Assert.Equal("https://pilotage.dev/problems/server.memory.unavailable", (string?)answer.Json["type"]);
        var detail = answer.Detail();
        Assert.Contains("There was no memory for this request", detail, StringComparison.Ordinal);
        Assert.Contains("Ask for less at a time", detail, StringComparison.Ordinal);
        Assert.Contains("give the machine or container more memory", detail, StringComparison.Ordinal);
        Assert.InRange(counted.Of("pilotage.memory.refused"), 1, long.MaxValue);
    }

    [Fact]
    public async Task Readiness_tells_of_it_for_half_a_minute()
    {
        Assert.Null(MemoryCheck(await _pipeline.AskAsync("GET", "/healthz/ready")));
        await _pipeline.AskAsync("GET", "/api/v1/huge");
        _time.Advance(MemoryWatch.Notice - TimeSpan.FromSeconds(1));
        var ready = await _pipeline.AskAsync("GET", "/healthz/ready");
        Assert.Equal(503, ready.Status);
        Assert.Contains("a request found no memory within the last 30 s", MemoryCheck(ready), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(MemoryCheck(await _pipeline.AskAsync("GET", "/healthz/ready")));
    }

    [Fact]
    public async Task Metrics_tell_the_limit_and_what_is_in_use()
    {
        var lines = (await _pipeline.AskAsync("GET", "/metrics")).Text.Split('\n');
        var (limit, used) = (Value(lines, Limit), Value(lines, Used));
        Assert.Equal(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, limit, 0);
        Assert.InRange(used, 1_000_000, limit);
    }

    [Fact]
    public void A_server_with_a_limit_of_its_own_is_told_to_raise_that_one()
    {
        var watch = new MemoryWatch(new ServerOptions { DataFolder = _server.Path, MemoryMiB = 512 }, _time, _server.Get<System.Diagnostics.Metrics.IMeterFactory>());
        Assert.Equal("give the server more than --memory-mib 512", watch.Remedy);
        Assert.False(MemoryWatch.IsShort(new InvalidOperationException("ours", new SqliteException("busy", 5))));
    }

    private static double Value(string[] lines, string name) =>
        double.Parse(lines.First(line => line.StartsWith($"{name.Replace('.', '_')}_bytes ", StringComparison.Ordinal)).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    private static string? MemoryCheck(RequestPipeline.Answer ready) => (string?)ready.Json["checks"]!.AsArray().First(check => (string?)check!["name"] == "memory")!["why"];
}
