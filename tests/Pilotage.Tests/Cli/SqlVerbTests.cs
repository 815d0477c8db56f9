using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Tests.Server;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Questions in SQL as a person asks them.</summary>
public sealed class SqlVerbTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly PipelineHandler _http;
    private readonly CliRun _run;

    public SqlVerbTests()
    {
        _http = new PipelineHandler(new RequestPipeline(_server));
        _run = new CliRun { Http = _http }.Connected();
    }

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }]);
        var batch = new PointBatch();
        batch.Add(new SeriesKey(Acme, new("p1"), "vib.rms"), 1_767_225_600_000_000_000, 1.25, Quality.Good, 0);
        batch.Add(new SeriesKey(Acme, new("p1"), "vib.rms"), 1_767_225_601_000_000_000, 0.30000000000000004, Quality.Good, 0);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("table", "DEVICE  TS                    VIB.RMS\np1      2026-01-01T00:00:00Z  1.25\np1      2026-01-01T00:00:01Z  0.30000000000000004\n")]
    [InlineData("csv", "device,ts,vib.rms\r\np1,2026-01-01T00:00:00Z,1.25\r\np1,2026-01-01T00:00:01Z,0.30000000000000004\r\n")]
    public async Task Rows_are_a_table_or_CSV(string form, string expected)
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "sql", "SELECT device, ts, `vib.rms` FROM pump", "-o", form));
        Assert.Equal((expected, ""), (_run.Output, _run.Error));
    }

    [Fact]
    public async Task Machines_are_told_by_name_and_a_question_may_stand_in_a_file()
    {
        File.WriteAllText(Path.Combine(_run.Directory, "q.sql"), "SELECT ts, `vib.rms` AS v FROM pump\nORDER BY v LIMIT 1");
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "sql", "--file", "q.sql", "--path", "acme/**", "--from", "2026-01-01T00:00:00Z", "-o", "json"));
        Assert.Contains("\"v\": 0.30000000000000004", _run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("1.25", _run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExitCode.Usage, "there is no question")]
    [InlineData(ExitCode.Usage, "there are two questions", "SELECT 1", "--file", "q.sql")]
    [InlineData(ExitCode.NotFound, "cannot read q.sql", "--file", "q.sql")]
    [InlineData(ExitCode.Refused, "1:8: There is no column 'vibration'", "SELECT vibration FROM pump")]
    [InlineData(ExitCode.Refused, "1:8: There is no column 'vibration'", "SELECT vibration FROM pump", "-o", "csv")]
    [InlineData(ExitCode.Usage, "the earlier time as from", "SELECT ts FROM pump", "--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z")]
    public async Task What_cannot_be_asked_is_said(int exit, string says, params string[] arguments)
    {
        Assert.Equal(exit, await _run.RunAsync(["data", "sql", .. arguments]));
        Assert.Contains(says, _run.Error, StringComparison.Ordinal);
        Assert.Empty(_run.Output);
    }
}
