using Pilotage.Cli.Frame;
using Pilotage.Tests.Server;
using Pilotage.Tests.Server.Fabric.Mapping;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Mappings from a file, against a server that is built.</summary>
public sealed class MappingVerbTests : IAsyncDisposable
{
    private readonly TestServerFolder _server = new();
    private readonly PipelineHandler _http;
    private readonly CliRun _run;

    public MappingVerbTests()
    {
        _http = new PipelineHandler(new RequestPipeline(_server));
        _run = new CliRun { Http = _http }.Connected();
        File.WriteAllText(Path.Combine(_run.Directory, "m.yaml"), MappingReaderTests.Factory);
    }

    public async ValueTask DisposeAsync()
    {
        _run.Dispose();
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_file_is_added_listed_shown_and_removed()
    {
        Assert.Equal(ExitCode.Done, await _run.RunAsync("mapping", "add", "m.yaml"));
        Assert.Contains("note: the thing type press is described by it from now on", _run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await _run.RunAsync("mapping", "list", "-o", "name"));
        Assert.EndsWith("factory\n", _run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await _run.RunAsync("mapping", "show", "factory"));
        Assert.Contains("{tenant}/lyon/{line}/{/machine}  factory", _run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await _run.RunAsync("mapping", "show", "factory", "--document"));
        Assert.EndsWith(MappingReaderTests.Factory, _run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, await _run.RunAsync("mapping", "remove", "factory"));
        Assert.Equal(ExitCode.Done, await _run.RunAsync("mapping", "remove", "factory", "--yes"));
        Assert.Equal(ExitCode.NotFound, await _run.RunAsync("mapping", "show", "factory"));
        Assert.Contains("pilotage mapping list shows what there is", _run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_shows_each_value_and_needs_no_mapping_that_was_added()
    {
        await File.WriteAllTextAsync(Path.Combine(_run.Directory, "s.jsonl"), "{\"topic\":\"factory/l1/report\",\"payload\":{\"machine\":\"p2\",\"at\":1767225600,\"count\":3}}\n\n");

        Assert.Equal(ExitCode.Done, await _run.RunAsync("mapping", "preview", "m.yaml", "--sample", "factory/l1/p1/status/temp_c=21.5", "--sample", "x=1", "--from", "s.jsonl", "-o", "csv"));

        var lines = _run.Output.Split('\n');
        Assert.Matches("^factory/l1/p1/status/temp_c,status,acme/lyon/l1/p1,true,.*,temperature,21.5,Cel,number,stored,$", lines[1]);
        Assert.Equal("x,,,,,,,,,unmapped,no rule takes the topic", lines[2]);
        Assert.Contains("factory/l1/report,report,acme/lyon/l1/p2,true,2026-01-01T00:00:00+00:00,count,3,,whole,stored,", lines[3], StringComparison.Ordinal);
        Assert.Equal(["POST /api/v1/mappings/preview"], _http.Changes);
    }

    [Theory]
    [InlineData("preview m.yaml --sample nothing", "has no topic and payload")]
    [InlineData("preview none.yaml --sample a=1", "none.yaml cannot be read")]
    [InlineData("preview m.yaml --from bad.jsonl", "bad.jsonl, line 2: is no message")]
    [InlineData("add bad.jsonl", "has no line that begins with name:")]
    public async Task What_is_no_mapping_or_message_is_said_in_one_line(string arguments, string why)
    {
        await File.WriteAllTextAsync(Path.Combine(_run.Directory, "bad.jsonl"), "{\"topic\":\"a\",\"payload\":1}\n{\"topic\":5}\n");

        Assert.Equal(ExitCode.Usage, await _run.RunAsync(["mapping", .. arguments.Split(' ')]));
        Assert.Contains(why, _run.Error, StringComparison.Ordinal);
        Assert.Empty(_http.Changes);
    }

    [Fact]
    public async Task What_is_wrong_in_a_file_is_told_by_line_and_column()
    {
        await File.WriteAllTextAsync(Path.Combine(_run.Directory, "m.yaml"), MappingReaderTests.Factory.Replace("unit: Cel", "unti: Cel", StringComparison.Ordinal));

        Assert.Equal(ExitCode.Refused, await _run.RunAsync("mapping", "add", "m.yaml"));
        Assert.Contains("m.yaml:14:35: unknown key \"unti\"; did you mean \"unit\"?", _run.Error, StringComparison.Ordinal);
    }
}
