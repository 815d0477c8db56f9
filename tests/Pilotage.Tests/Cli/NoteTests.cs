using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Tests.Server;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>What an answer does not tell, because retention left windows alone, stands on standard error, and the answer itself is as it always is.</summary>
public sealed class NoteTests : IAsyncLifetime
{
    private const long Day = 86_400_000_000_000;
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;
    private readonly PipelineHandler _http;
    private readonly CliRun _run;

    public NoteTests()
    {
        _pipeline = new RequestPipeline(_server);
        _http = new PipelineHandler(_pipeline);
        _run = new CliRun { Http = _http }.Connected();
    }

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }]);
        var batch = new PointBatch();
        var now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        for (var day = 30; day > 0; day--)
        {
            batch.AddRow(Acme, new("p1"), now - (day * Day), 0, ["load", "temp"], [day, day], Quality.Good);
        }

        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/retention/raw", """{"keep":"P10D","rollUp":"P1D"}""")).Status);
        Assert.NotEmpty((await _server.Get<RetentionSweep>().SweepAsync(null, force: false, default)).Cuts);
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("1 series", "sql", "SELECT ts, load FROM pump")]
    [InlineData("1 series", "sql", "SELECT ts, load FROM pump", "-o", "csv")]
    [InlineData("2 series", "join", "p1/load", "p1/temp")]
    [InlineData("2 series", "export", "--device", "p1")]
    [InlineData("1 series", "export", "load", "--file", "out.parquet")]
    public async Task It_is_said_where_a_part_is_missing(string says, params string[] arguments)
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync(["data", .. arguments]));
        Assert.Matches($"^note: Before 2[-0-9]+T00:00:00Z windows are all that retention left of {says} .*\n$", _run.Error);
        Assert.DoesNotContain("note", _run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sql", "SELECT ts, load FROM pump")]
    [InlineData("join", "p1/load", "p1/temp")]
    public async Task Machines_find_it_in_the_answer(params string[] arguments)
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync(["data", .. arguments, "-o", "json"]));
        Assert.Contains("\"note\": \"Before 2", _run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sql", "SELECT ts, load FROM pump", "-o", "csv")]
    [InlineData("join", "p1/load", "p1/temp")]
    [InlineData("export", "--device", "p1")]
    public async Task Nothing_is_said_where_all_is_told(params string[] arguments)
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync(["data", .. arguments, "--from", "-5d"]));
        Assert.Empty(_run.Error);
    }
}
