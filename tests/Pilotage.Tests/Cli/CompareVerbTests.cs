using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Tests.Server;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary><c>data join</c> and <c>data correlate</c> as a person asks them.</summary>
public sealed class CompareVerbTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly PipelineHandler _http;
    private readonly CliRun _run;

    public CompareVerbTests()
    {
        _http = new PipelineHandler(new RequestPipeline(_server));
        _run = new CliRun { Http = _http }.Connected();
    }

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }]);
        var batch = new PointBatch();
        for (var i = 0; i < 20; i++)
        {
            batch.Add(new SeriesKey(Acme, new("p1"), "load"), 1_767_225_600_000_000_000 + (i * 60_000_000_000), i * i % 7, Quality.Good, 0);
            batch.Add(new SeriesKey(Acme, new("p1"), "temp"), 1_767_225_630_000_000_000 + (i * 60_000_000_000), -(i * i % 7) + 0.5, Quality.Good, 0);
        }

        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("table", "TIME                  P1/LOAD  P1/TEMP\n2026-01-01T00:00:00Z  0        -\n2026-01-01T00:01:00Z  1        0.5\n")]
    [InlineData("csv", "ts,p1/load,p1/temp\n2026-01-01T00:00:00Z,0,\n2026-01-01T00:01:00Z,1,0.5\n")]
    public async Task Series_are_joined_as_a_table(string form, string expected)
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "join", "pump-1/load", "p1/temp", "--max-age", "5m", "--to", "2026-01-01T00:02:00Z", "-o", form));
        Assert.Equal((expected, ""), (_run.Output, _run.Error));
    }

    [Fact]
    public async Task A_third_name_is_one_too_many_for_a_correlation()
    {
        Assert.Equal(ExitCode.Usage, await _run.RunAsync("data", "correlate", "p1/load", "p1/temp", "p1/flow"));
        Assert.Equal("error: pilotage data correlate takes two (<series> <other>), and 'p1/flow' is one more\ntry:   pilotage data correlate --help\n", _run.Error);
    }

    [Fact]
    public async Task Machines_are_told_by_name()
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "join", "pump-1/load", "p1/temp", "--json", "ts,p1/temp", "--from", "2026-01-01T00:01:00Z", "--to", "2026-01-01T00:02:00Z"));
        Assert.Contains("\"ts\": \"2026-01-01T00:01:00Z\"", _run.Output, StringComparison.Ordinal);
        Assert.Contains("\"p1/temp\": 0.5", _run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pair_is_told_by_lags_and_a_search_by_series_and_both_in_words()
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "correlate", "p1/load", "p1/temp", "--lags", "1"));
        Assert.Contains("LAG S  R", _run.Output, StringComparison.Ordinal);
        Assert.Contains("0      -1       20", _run.Output, StringComparison.Ordinal);
        Assert.Equal("p1/temp goes with p1/load at the same time: it falls when the first rises (r -1.00, 20 windows)\n", _run.Error);

        using var search = new CliRun { Http = _http }.Connected();
        Assert.Equal(ExitCode.Done, await search.RunAsync("data", "correlate", "p1/load", "--path", "acme/**", "--window", "1m"));
        Assert.Contains("p1/temp  -1  0      20       p1/temp goes with", search.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExitCode.Usage, "names 1 series", "join", "p1/load")]
    [InlineData(ExitCode.Usage, "--max-age: 'soon'", "join", "p1/load", "p1/temp", "--max-age", "soon")]
    [InlineData(ExitCode.NotFound, "has no series \"speed\"", "correlate", "p1/load", "p1/speed")]
    [InlineData(ExitCode.Usage, "give 0 to 1000", "correlate", "p1/load", "p1/temp", "--lags", "5000")]
    public async Task What_cannot_be_asked_is_said(int exit, string says, params string[] arguments)
    {
        Assert.Equal(exit, await _run.RunAsync(["data", .. arguments]));
        Assert.Contains(says, _run.Error, StringComparison.Ordinal);
        Assert.Empty(_run.Output);
    }
}
