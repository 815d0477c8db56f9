using System.Net;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class DeviceVerbTests
{
    private const string Code = """{"items":[{"device":"my-pi","path":"acme/lyon/my-pi","code":"pe1.x.y","expiresAt":"2026-01-08T00:00:00Z"}]}""";

    [Fact]
    public async Task Enroll_prints_a_code_and_puts_a_device_behind_its_edge()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/enrolments", Code);

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "enroll", "my-pi", "--path", "acme/lyon/my-pi", "--thing", "pi", "--edge", "edge-1"));

        var device = JsonNode.Parse(run.Server.Requests[0].Body)!["devices"]![0]!;
        Assert.Equal("edge-1", device["edge"]!.GetValue<string>());
        Assert.Contains("pe1.x.y", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"", "--edge", "")]
    public async Task Enroll_leaves_the_edge_to_the_server_unless_it_is_to_be_none(string sent, params string[] edge)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/enrolments", Code);

        Assert.Equal(ExitCode.Done, await run.RunAsync(["device", "enroll", "my-pi", "--path", "acme/lyon/my-pi", "--thing", "pi", .. edge]));

        Assert.Contains($"\"edge\":{sent}", run.Server.Requests[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enroll_with_save_leaves_what_a_client_connects_with_and_a_key_for_its_owner_alone()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/enrolments", Code).Answer("POST /api/v1/enroll", """{"device":"my-pi","path":"acme/lyon/my-pi","certificate":"CERT","authority":"CA"}""");
        string[] enroll = ["device", "enroll", "my-pi", "--path", "acme/lyon/my-pi", "--thing", "pi", "--save", "keys"];

        Assert.Equal(ExitCode.Done, await run.RunAsync(enroll));

        var keys = Path.Combine(run.Directory, "keys");
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----", await File.ReadAllTextAsync(Path.Combine(keys, "key.pem")), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(Path.Combine(keys, "key.pem")).UnixFileMode);
        Assert.Equal("CERT\n", await File.ReadAllTextAsync(Path.Combine(keys, "cert.pem")));
        Assert.Equal("CA\n", await File.ReadAllTextAsync(Path.Combine(keys, "ca.pem")));
        Assert.Contains("BEGIN CERTIFICATE REQUEST", JsonNode.Parse(run.Server.Requests[1].Body)!["csr"]!.GetValue<string>(), StringComparison.Ordinal);

        // A key is not written over, and no code is asked for that could not be traded.
        Assert.Equal(ExitCode.Conflict, await run.RunAsync(enroll));
        Assert.Equal(2, run.Server.Requests.Count);
    }

    [Fact]
    public async Task Enroll_registers_nothing_when_the_folder_cannot_hold_a_key()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/enrolments", Code);

        Assert.Equal(ExitCode.Failed, await run.RunAsync("device", "enroll", "my-pi", "--path", "acme/lyon/my-pi", "--thing", "pi", "--save", "token/keys"));

        Assert.Empty(run.Server.Requests);
        Assert.Contains("\ntry:   --save with a folder that you may write to", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST /api/v1/enrolments")]
    [InlineData("POST /api/v1/enroll")]
    public async Task Enroll_leaves_no_key_behind_when_the_server_refuses(string refused)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/enrolments", Code).Answer(refused, "{}", HttpStatusCode.Conflict);

        Assert.Equal(ExitCode.Conflict, await run.RunAsync("device", "enroll", "my-pi", "--path", "acme/lyon/my-pi", "--thing", "pi", "--save", "keys"));

        Assert.False(Directory.Exists(Path.Combine(run.Directory, "keys")));
    }

    [Fact]
    public async Task A_revoked_device_is_told_with_the_verb_that_lets_it_in_again()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "POST /api/v1/enrolments",
            """{"type":"https://pilotage.dev/problems/x","detail":"the device my-pi was revoked; it is let in again by: pilotage device restore my-pi"}""",
            HttpStatusCode.BadRequest);

        Assert.Equal(ExitCode.Usage, await run.RunAsync("device", "enroll", "my-pi", "--path", "acme/lyon/my-pi", "--thing", "pi"));

        Assert.EndsWith("\ntry:   pilotage device restore my-pi\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_gives_a_code_or_with_save_what_a_client_connects_with()
    {
        using var run = new CliRun().Connected();
        run.Server
            .Answer("POST /api/v1/devices/my-pi/restoration", """{"device":"my-pi","path":"acme/lyon/my-pi","code":"pe1.x.y","expiresAt":"2026-01-08T00:00:00Z"}""")
            .Answer("POST /api/v1/enroll", """{"device":"my-pi","path":"acme/lyon/my-pi","certificate":"CERT","authority":"CA"}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "restore", "my-pi"));
        Assert.Contains("pe1.x.y", run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "restore", "my-pi", "--save", "keys"));
        Assert.True(File.Exists(Path.Combine(run.Directory, "keys", "cert.pem")));
    }

    [Fact]
    public async Task Revoke_cuts_off_only_what_is_said_to_be_meant()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/devices/my-pi/revocation", "", HttpStatusCode.NoContent);

        Assert.Equal(ExitCode.Usage, await run.RunAsync("device", "revoke", "my-pi"));
        Assert.Empty(run.Server.Requests);
        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "revoke", "my-pi", "--yes"));
        Assert.Single(run.Server.Requests);
        Assert.Equal("REVOKED\nmy-pi\n", run.Output);
    }

    [Fact]
    public async Task Delete_says_what_is_kept()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("DELETE /api/v1/devices/my-pi", """{"id":"my-pi","path":"acme/lyon/my-pi","seriesKept":3,"note":"kept"}""");

        Assert.Equal(ExitCode.Usage, await run.RunAsync("device", "delete", "my-pi"));
        Assert.Empty(run.Server.Requests);
        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "delete", "my-pi", "--yes"));
        Assert.Equal("my-pi    acme/lyon/my-pi  3            kept", run.Output.TrimEnd().Split('\n')[1]);
    }

    [Fact]
    public async Task Values_are_the_last_of_each_property()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices/my-pi/series", """{"items":[{"property":"vibration","unit":"mm/s","lastTime":"2026-01-01T00:00:00Z","lastValue":2.1}]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "values", "my-pi"));

        Assert.Equal("vibration  2.1    mm/s  2026-01-01T00:00:00Z", run.Output.TrimEnd().Split('\n')[1]);
    }

    [Theory]
    [InlineData("1E+300", "1E+300")]
    [InlineData("-2.5e-12", "-2.5E-12")]
    [InlineData("0.30000000000000004", "0.30000000000000004")]
    [InlineData("20.123456", "20.123456")]
    [InlineData("42", "42")]
    [InlineData("9007199254740993", "9007199254740993")]
    [InlineData("true", "true")]
    [InlineData("\"idle\"", "idle")]
    public async Task A_value_is_printed_with_the_digits_it_has(string sent, string shown)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices/my-pi/series", $$"""{"items":[{"property":"x","lastTime":"now","lastValue":{{sent}}}]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "values", "my-pi"));

        Assert.Equal(["x", shown, "-", "now"], run.Output.TrimEnd().Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("8.912345", "8.9123")]
    [InlineData("1e300", "1E+300")]
    [InlineData("0.00001", "1E-05")]
    [InlineData("0.0", "0")]
    public async Task A_figure_has_four_digits_and_no_endless_row_of_them(string sent, string shown)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/alerts", $$"""{"items":[{"id":"al_1","score":{{sent}}}]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("alert", "list"));

        Assert.Equal(shown, run.Output.TrimEnd().Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[4]);
    }

    [Fact]
    public async Task Messages_that_could_not_be_understood_are_shown_with_the_reason_and_as_text()
    {
        using var run = new CliRun().Connected();
        run.Server
            .Answer("GET /api/v1/devices/my-pi", """{"id":"dev_1"}""")
            .Answer("GET /api/v1/messages/bad?device=dev_1", """{"items":[{"device":"dev_1","topic":"t","received":"now","reason":"not JSON","payloadBase64":"eyJ0cyI6"}]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "bad", "my-pi"));
        Assert.Equal(ExitCode.NotFound, await run.RunAsync("device", "bad", "nobody"));

        Assert.Equal("now       dev_1   not JSON  {\"ts\":", run.Output.Split('\n')[1]);
    }

    [Fact]
    public async Task Show_has_the_connection_beside_the_device()
    {
        using var run = new CliRun().Connected();
        run.Server
            .Answer("GET /api/v1/devices/pump-1", """{"id":"pump-1","path":"acme/lyon/pump-1","thing":"pump","status":"enrolled","connected":true,"since":"2026-01-01T00:00:00Z"}""")
            .Answer("GET /api/v1/devices/pump-1/connection", """{"device":"pump-1","connected":true,"clients":[{"clientId":"pump-1","remote":"127.0.0.1:5","listener":"mqtts","queued":2}]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "show", "pump-1"));

        Assert.Equal(
            ["pump-1", "acme/lyon/pump-1", "pump", "-", "enrolled", "yes", "2026-01-01T00:00:00Z", "127.0.0.1:5", "mqtts", "2"],
            run.Output.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}
