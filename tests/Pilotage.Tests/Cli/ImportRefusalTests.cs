using System.IO.Compression;
using System.Net;
using System.Text;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>What an import does about a server that says no.</summary>
public sealed class ImportRefusalTests : IDisposable
{
    private const string Csv = "ts,load\n1767225600000,1\n1767225601000,2\n1767225602000,3\n1767225603000,4\n";
    private readonly Scripted _server = new();
    private readonly CliRun _run;

    public ImportRefusalTests()
    {
        _run = new CliRun { Http = _server }.Connected();
        File.WriteAllText(Path.Combine(_run.Directory, "in.csv"), Csv);
    }

    public void Dispose()
    {
        _run.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task Rows_that_the_server_names_are_left_out_by_their_line_in_the_file()
    {
        _server.Answers.Enqueue((400, """{"type":"x/fabric.telemetry.malformed","detail":"no","errors":[{"where":"line 2","message":"ts lies more than a day in the future"}]}"""));
        Assert.Equal(ExitCode.PartlyDone, await ImportAsync());
        Assert.Contains("line 3: ts lies more than a day in the future", _run.Error, StringComparison.Ordinal);
        Assert.Equal([4, 3], _server.Lines);
        Assert.Contains("gzip application/x-ndjson", _server.Kinds, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_large_goes_in_halves()
    {
        _server.Answers.Enqueue((413, """{"type":"x/fabric.ingest.too_large","detail":"no"}"""));
        Assert.Equal(ExitCode.Done, await ImportAsync());
        Assert.Equal([4, 2, 2], _server.Lines);
    }

    [Fact]
    public async Task A_refusal_of_all_of_it_stops_and_says_what_is_stored()
    {
        _server.Answers.Enqueue((413, """{"type":"x/fabric.ingest.too_large","detail":"too large"}"""));
        _server.Answers.Enqueue((200, """{"device":"p1","rows":2,"values":2}"""));
        _server.Answers.Enqueue((507, """{"type":"x/server.storage_full","detail":"Nothing was stored: the disk is full."}"""));
        Assert.Equal(ExitCode.Failed, await ImportAsync());
        Assert.Contains("error: Nothing was stored: the disk is full.", _run.Error, StringComparison.Ordinal);
        Assert.Contains("it stopped at line 4, and 2 rows are stored", _run.Error, StringComparison.Ordinal);
        Assert.Contains("rows that are stored already are not stored twice", _run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_busy_is_asked_again()
    {
        _server.Answers.Enqueue((429, """{"type":"x/fabric.ingest.too_many","detail":"later"}"""));
        _server.Answers.Enqueue((503, """{"type":"x/server.unavailable","detail":"later"}"""));
        Assert.Equal(ExitCode.Done, await ImportAsync());
        Assert.Equal([4, 4, 4], _server.Lines);
    }

    private Task<int> ImportAsync() => _run.RunAsync("data", "import", "in.csv", "--device", "p1");

    /// <summary>Takes telemetry as it is told to; then as it comes.</summary>
    private sealed class Scripted : HttpMessageHandler
    {
        public Queue<(int Status, string Body)> Answers { get; } = [];

        public List<int> Lines { get; } = [];

        public string Kinds { get; private set; } = "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method == HttpMethod.Get)
            {
                var isList = request.RequestUri!.AbsolutePath.EndsWith("/series", StringComparison.Ordinal);
                return Answer(200, isList ? """{"items":[]}""" : """{"id":"p1"}""");
            }

            await using var unpacked = new GZipStream(await request.Content!.ReadAsStreamAsync(cancellationToken), CompressionMode.Decompress);
            using var reader = new StreamReader(unpacked);
            var lines = (await reader.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
            Lines.Add(lines);
            Kinds += $"{request.Content.Headers.ContentEncoding.Single()} {request.Content.Headers.ContentType}";
            return Answers.TryDequeue(out var told) ? Answer(told.Status, told.Body) : Answer(200, $$"""{"device":"p1","rows":{{lines}},"values":{{lines}}}""");
        }

        private static HttpResponseMessage Answer(int status, string body) => new((HttpStatusCode)status)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
            Headers = { RetryAfter = status is 429 or 503 ? new(TimeSpan.Zero) : null },
        };
    }
}
