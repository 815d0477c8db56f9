using System.Security.Authentication;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>What a failure says when it comes from somewhere else: from the runtime, or put together of sentences.</summary>
public sealed class FailureTextTests
{
    [Theory]
    [InlineData("It is missing.; trace 7", "It is missing; trace 7")]
    [InlineData("\"x\" is no name..", "\"x\" is no name.")]
    [InlineData("Is it there?. Look", "Is it there? Look")]
    [InlineData("file.: it is bad.", "file: it is bad.")]
    [InlineData("../data/.. is a folder, and so on... v1.2, 3.5", "../data/.. is a folder, and so on... v1.2, 3.5")]
    [InlineData("The value is bad. (Parameter 'offset')", "The value is bad.")]
    [InlineData("'n' is an invalid start of a value. Path: $ | LineNumber: 0 | BytePositionInLine: 4.", "'n' is an invalid start of a value (line 1, byte 5).")]
    [InlineData("'n' is an invalid start of a value. LineNumber: 2 | BytePositionInLine: 0.; mend it", "'n' is an invalid start of a value (line 3, byte 1); mend it")]
    public void Has_one_mark_at_the_end_of_a_sentence_and_no_places_of_the_runtime(string text, string expected)
    {
        Assert.Equal(expected, CliFailure.Plain(text));
        using var told = new StringWriter();
        new CliFailure(ExitCode.Failed, text, text, text).WriteTo(told);
        Assert.Equal($"error: {expected}\nwhy:   {expected}\ntry:   {expected}\n", told.ToString());
    }

    [Theory]
    [InlineData("https://127.0.0.1:1/", HttpRequestError.SecureConnectionError, "Cannot determine the frame size or a corrupted frame was received.", "does not speak TLS", "--server http://127.0.0.1:1/")]
    [InlineData("https://127.0.0.1:1/", HttpRequestError.SecureConnectionError, "The remote certificate is invalid because of errors in the certificate chain: PartialChain", "is not trusted here", "SSL_CERT_FILE")]
    [InlineData("http://127.0.0.1:1/", HttpRequestError.ResponseEnded, "The response ended prematurely.", "does not speak HTTP", "--server https://127.0.0.1:1/")]
    [InlineData("http://127.0.0.1:1/", HttpRequestError.ConnectionError, "Connection refused", "no answer from http://127.0.0.1:1/", "is the server running?")]
    public async Task A_port_of_another_protocol_is_named_as_one(string server, HttpRequestError error, string cause, string what, string tryThis)
    {
        using var handler = new Failing(new HttpRequestException(error, "The SSL connection could not be established, see inner exception.", new AuthenticationException(cause)));
        using var run = new CliRun { Http = handler }.Connected();
        run.Environment["PILOTAGE_SERVER"] = server;
        Assert.Equal(ExitCode.Failed, await run.RunAsync("device", "list"));
        var lines = run.Error.Split('\n');
        Assert.Contains(what, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("why:   ", lines[1], StringComparison.Ordinal);
        Assert.Contains(tryThis, lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("frame size", run.Error, StringComparison.Ordinal);
    }

    private sealed class Failing(Exception failure) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw failure;
    }
}
