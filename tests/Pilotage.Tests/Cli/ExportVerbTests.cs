using System.Net;
using System.Text;
using Pilotage.Cli.Frame;
using Pilotage.Cli.Verbs;
using Pilotage.Core;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Tests.Server;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Series on their way out of a built server, and points as they come.</summary>
public sealed class ExportVerbTests : IAsyncLifetime
{
    private const string Table = "ts,device,load\r\n2026-01-01T00:00:00Z,p1,1.5\r\n2026-01-01T00:00:01.25Z,p1,2\r\n";

    private const string Live = """
        event: open
        data: {"at":"2026-01-01T00:00:00Z"}

        event: telemetry
        data: {"device":"p1","ts":"2026-01-01T00:00:01Z","data":{"load":0.30000000000000004,"state":"o\u001b[2Jn"}}

        event: missed
        data: {"missed":3}

        event: telemetry
        data: {"device":"p1","ts":"2026-01-01T00:00:02Z","data":{"on":true,"load":2}}

        """;

    private static readonly TenantId Acme = new("acme");
    private static readonly SeriesKey Load = new(Acme, new DeviceId("p1"), "load");
    private readonly TestServerFolder _server = new();
    private readonly PipelineHandler _http;
    private readonly CliRun _run;

    public ExportVerbTests()
    {
        _http = new PipelineHandler(new RequestPipeline(_server));
        _run = new CliRun { Http = _http }.Connected();
    }

    private string File => Path.Combine(_run.Directory, "out.csv");

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }]);
        var batch = new PointBatch();
        batch.Add(Load, 1_767_225_600_000_000_000, 1.5, Quality.Good, 0);
        batch.Add(Load, 1_767_225_601_250_000_000, 2, Quality.Good, 0);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("/dev/null")]
    [InlineData("link")]
    public async Task What_is_no_file_is_never_replaced_by_one(string place)
    {
        System.IO.File.CreateSymbolicLink(Path.Combine(_run.Directory, "link"), Path.Combine(_run.Directory, "target"));

        Assert.Equal(ExitCode.Usage, await _run.RunAsync("data", "export", "--device", "p1", "--file", place, "--force"));
        Assert.Contains($"{place} is no file", _run.Error, StringComparison.Ordinal);
        Assert.Empty(_http.Changes);
    }

    [Fact]
    public async Task A_table_goes_to_standard_output_or_whole_into_a_file()
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "export", "load", "--device", "acme/lyon/pump-1"));
        Assert.Equal(Table, _run.Output);
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "export", "--device", "p1", "--file", "out.csv"));
        Assert.Equal(Table, await System.IO.File.ReadAllTextAsync(File));
        Assert.Equal(["out.csv", "token"], Names());

        Assert.Equal(ExitCode.Conflict, await _run.RunAsync("data", "export", "--device", "p1", "--from", "2026-01-01T00:00:01Z", "--file", "out.csv"));
        Assert.Contains("error: out.csv is there already", _run.Error, StringComparison.Ordinal);
        Assert.Equal(Table, await System.IO.File.ReadAllTextAsync(File));
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "export", "--device", "p1", "--from", "2026-01-01T00:00:01Z", "--file", "out.csv", "--force"));
        Assert.Equal("ts,device,load\r\n2026-01-01T00:00:01.25Z,p1,2\r\n", await System.IO.File.ReadAllTextAsync(File));
        Assert.Equal(["out.csv", "token"], Names());
    }

    [Fact]
    public async Task Parquet_goes_to_a_file_and_nowhere_else()
    {
        Assert.Equal(ExitCode.Usage, await _run.RunAsync("data", "export", "--device", "p1", "--format", "parquet"));
        Assert.Contains("parquet goes to a file", _run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, await _run.RunAsync("data", "export", "--device", "p1", "--format", "xlsx"));
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "export", "--device", "p1", "--file", "out.parquet"));
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "export", "--device", "p1", "--file", "other", "--format", "parquet"));
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "export", "--device", "p1", "--file", "text.parquet", "--format", "csv"));
        Assert.Equal(["other", "out.parquet", "text.parquet", "token"], Names());
        Assert.Equal("PAR1PAR1ts,d", string.Concat(new[] { "out.parquet", "other", "text.parquet" }.Select(name =>
            Encoding.ASCII.GetString(System.IO.File.ReadAllBytes(Path.Combine(_run.Directory, name)).AsSpan(0, 4)))));
    }

    [Fact]
    public async Task What_came_out_goes_in_again_and_changes_nothing()
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "export", "--path", "**", "--file", "out.csv"));
        Assert.Equal(ExitCode.Done, await _run.RunAsync("data", "import", "out.csv", "--device-column", "device"));
        var statistics = _server.Get<TimeSeriesStore>().Statistics(Load);
        Assert.Equal((2, 2, 0), (statistics.Count, statistics.Repeated, statistics.Overwritten));
    }

    [Fact]
    public async Task What_fails_leaves_no_file_behind()
    {
        Assert.Equal(ExitCode.NotFound, await _run.RunAsync("data", "export", "--device", "p9", "--file", "out.csv"));
        Assert.Equal(ExitCode.Usage, await _run.RunAsync("data", "export", "--file", "out.csv"));
        Assert.Equal(ExitCode.NotAllowed, await _run.RunAsync("data", "export", "--device", "p1", "--file", "nowhere/out.csv"));
        Assert.Equal(ExitCode.Usage, await _run.RunAsync("data", "export", "--device", "p1", "--file", "."));
        using var broken = new CliRun { Http = new Broken() }.Connected();
        Assert.Equal(ExitCode.Failed, await broken.RunAsync("data", "export", "--device", "p1", "--file", "out.csv"));
        Assert.Contains("error: the export broke off before its end", broken.Error, StringComparison.Ordinal);
        Assert.Equal(["token"], Names());
        Assert.Equal("token", Path.GetFileName(Assert.Single(Directory.GetFiles(broken.Directory))));
    }

    [Fact]
    public async Task A_full_disk_is_named_with_what_was_written()
    {
        using var file = ExportFile.Create(_run.Directory, "out.csv", isReplaced: false, open: _ => new Full(100_000));
        var failure = await Assert.ThrowsAsync<CliFailure>(() => file.FillAsync(new MemoryStream(new byte[200_000]), default));
        Assert.Equal("the disk of out.csv has no room", failure.Message);
        Assert.Contains("65536 bytes were written and taken away again", failure.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Points_are_followed_by_property_or_device()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/events?kind=telemetry", Live).Answer("GET /api/v1/events?kind=telemetry&device=p1", Live).Answer("GET /api/v1/devices/pump-1", """{"id":"p1"}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "tail", "load", "--count", "2"));
        Assert.Equal("2026-01-01T00:00:01Z p1 load 0.30000000000000004\n2026-01-01T00:00:02Z p1 load 2\n", run.Output);
        Assert.Equal("following load\n3 rows were skipped: they came faster than they were read\n", run.Error);

        Assert.Equal(ExitCode.Failed, await run.RunAsync("data", "tail", "--device", "pump-1"));
        Assert.EndsWith("state o·[2Jn\n2026-01-01T00:00:02Z p1 on true\n2026-01-01T00:00:02Z p1 load 2\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("the server ended the stream", run.Error, StringComparison.Ordinal);

        Assert.Equal(ExitCode.Usage, await run.RunAsync("data", "tail"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("data", "tail", "load", "--count", "0"));
    }

    private IEnumerable<string?> Names() => Directory.GetFiles(_run.Directory).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    /// <summary>Sends half of a table.</summary>
    private sealed class Broken : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Half()) });
    }

    private sealed class Half : MemoryStream
    {
        private bool _isRead;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_isRead)
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
            }

            _isRead = true;
            return ValueTask.FromResult(Encoding.UTF8.GetBytes("ts,dev", buffer.Span));
        }
    }

    /// <summary>A disk of a few bytes.</summary>
    private sealed class Full(int bytes) : MemoryStream
    {
        private const int NoSpace = 28;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            Length + buffer.Length > bytes ? throw new IOException("No space left on device", NoSpace) : base.WriteAsync(buffer, cancellationToken);
    }
}
