using System.Net;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class PackageVerbTests
{
    [Theory]
    [InlineData("pump-bearings")]
    [InlineData("predictive-maintenance")]
    public async Task Init_writes_a_package_under_its_own_name_that_lints_clean(string sample)
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.Done, await run.RunAsync("usecase", "init", "fan-wear", "--from", sample));
        Assert.Equal(ExitCode.Done, await run.RunAsync("usecase", "lint", "fan-wear"));

        Assert.Contains("fan-wear 1.0.0 is sound: sha256:", run.Output, StringComparison.Ordinal);
        Assert.Contains("bound by site.yaml", run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(run.Directory, "fan-wear", "site.demo.yaml")));
    }

    [Fact]
    public async Task Init_writes_over_nothing_and_takes_no_name_the_server_would_refuse()
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.Conflict, await run.RunAsync("usecase", "init", ".", "--name", "fan-wear"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("usecase", "init", "Fan_Wear"));

        Assert.False(Directory.Exists(Path.Combine(run.Directory, "Fan_Wear")));
        Assert.Equal(["token"], Directory.EnumerateFileSystemEntries(run.Directory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Lint_names_every_fault_at_its_place_for_the_folder_and_for_any_file_in_it()
    {
        using var run = await BrokenAsync();

        Assert.Equal(ExitCode.Failed, await run.RunAsync("usecase", "lint", "fan-wear"));
        Assert.Equal("usecase.yaml:9:9: ", run.Output[..18]);
        Assert.Contains("pipeline.sql:", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, run.Output.TrimEnd().Split('\n').Length);

        using var again = await BrokenAsync();
        Assert.Equal(ExitCode.Failed, await again.RunAsync("usecase", "lint", "fan-wear/things/pump.td.json"));
        Assert.Equal(run.Output, again.Output);
    }

    [Fact]
    public async Task Lint_tells_a_machine_file_line_and_column()
    {
        using var run = await BrokenAsync();

        Assert.Equal(ExitCode.Failed, await run.RunAsync("usecase", "lint", "fan-wear", "-o", "json"));

        var report = JsonNode.Parse(run.Output)!;
        Assert.False(report["ok"]!.GetValue<bool>());
        Assert.Equal("usecase.yaml", report["faults"]![0]!["file"]!.GetValue<string>());
        Assert.Equal(9, report["faults"]![0]!["line"]!.GetValue<int>());
        Assert.Equal(9, report["faults"]![0]!["column"]!.GetValue<int>());
    }

    [Fact]
    public async Task Lint_of_what_is_no_package_is_not_found()
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.NotFound, await run.RunAsync("usecase", "lint", "nowhere"));
        Assert.Equal(ExitCode.NotFound, await run.RunAsync("usecase", "lint", "token"));
        Assert.Contains("is not a file of a package", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_sends_every_file_and_makes_the_use_case()
    {
        using var run = new CliRun().Connected();
        await run.RunAsync("usecase", "init", "fan-wear");
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "fan-wear", ".usecase.yaml.swp"), "an editor's");
        run.Server
            .Answer("POST /api/v1/packages", """{"digest":"sha256:abc"}""")
            .Answer("POST /api/v1/use-cases", """{"id":"fan-wear","stage":"idea","version":"1.0.0"}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("usecase", "install", "fan-wear"));

        var sent = JsonNode.Parse(run.Server.Requests[0].Body)!;
        Assert.Equal(
            ["models/rul.yaml", "pipeline.sql", "rollout.yaml", "site.yaml", "things/pump.td.json", "usecase.yaml"],
            sent["files"]!.AsObject().Select(file => file.Key));
        Assert.Equal("""{"package":"sha256:abc"}""", run.Server.Requests[1].Body);
        Assert.Contains("fan-wear  idea", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_sends_nothing_when_there_is_a_fault_or_a_dry_run()
    {
        using var run = (await BrokenAsync()).Connected();
        Assert.Equal(ExitCode.Failed, await run.RunAsync("usecase", "install", "fan-wear"));

        using var dry = new CliRun().Connected();
        await dry.RunAsync("usecase", "init", "fan-wear");
        Assert.Equal(ExitCode.Done, await dry.RunAsync("usecase", "install", "fan-wear", "--dry-run"));

        Assert.Empty(run.Server.Requests);
        Assert.Empty(dry.Server.Requests);
    }

    [Fact]
    public async Task Install_sends_no_key_that_lies_in_the_folder()
    {
        using var run = new CliRun().Connected();
        await run.RunAsync("usecase", "init", "fan-wear");
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "fan-wear", "admin.token"), "secret");

        Assert.Equal(ExitCode.Failed, await run.RunAsync("usecase", "install", "fan-wear"));

        Assert.Contains("admin.token: is not part of a package", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Server.Requests);
    }

    [Fact]
    public async Task A_folder_too_large_for_a_package_is_told_in_three_lines()
    {
        using var run = new CliRun();
        await run.RunAsync("usecase", "init", "fan-wear");
        foreach (var i in Enumerable.Range(0, 65))
        {
            await File.WriteAllTextAsync(Path.Combine(run.Directory, "fan-wear", $"{i}.md"), "");
        }

        Assert.Equal(ExitCode.Failed, await run.RunAsync("usecase", "lint", "fan-wear"));

        Assert.Contains($"error: The folder {Path.Combine(run.Directory, "fan-wear")} holds 71 files", run.Error, StringComparison.Ordinal);
        Assert.Contains("\ntry:   name the folder that holds usecase.yaml", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/etc")]
    [InlineData(".")]
    public async Task A_folder_with_nothing_of_a_package_is_told_so_in_three_lines(string folder)
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.NotFound, await run.RunAsync("usecase", "lint", folder));
        Assert.Equal(ExitCode.NotFound, await run.RunAsync("usecase", "install", folder));

        var lines = run.Error.TrimEnd().Split('\n');
        Assert.Equal(6, lines.Length);
        Assert.EndsWith(" is not the folder of a package", lines[0], StringComparison.Ordinal);
        Assert.Equal("why:   it holds none of usecase.yaml, rollout.yaml, pipeline.sql, model.yaml", lines[1]);
        Assert.StartsWith("try:   the folder that holds usecase.yaml", lines[2], StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task A_version_that_is_taken_is_told_with_what_to_raise()
    {
        using var run = new CliRun().Connected();
        await run.RunAsync("usecase", "init", "fan-wear");
        run.Server.Answer("POST /api/v1/packages", """{"type":"https://pilotage.dev/problems/package.conflict","detail":"taken"}""", HttpStatusCode.Conflict);

        Assert.Equal(ExitCode.Conflict, await run.RunAsync("usecase", "install", "fan-wear"));

        Assert.Contains("try:   raise version: in usecase.yaml", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_refuses_all_the_same_is_told()
    {
        using var run = new CliRun().Connected();
        await run.RunAsync("usecase", "init", "fan-wear");
        run.Server.Answer("POST /api/v1/packages", """{"type":"https://pilotage.dev/problems/package.newer","detail":"too new"}""", HttpStatusCode.UnprocessableEntity);

        Assert.Equal(ExitCode.Refused, await run.RunAsync("usecase", "install", "fan-wear"));
        Assert.Contains("error: too new", run.Error, StringComparison.Ordinal);
    }

    /// <summary>A starter with an unknown unit and an unknown column.</summary>
    private static async Task<CliRun> BrokenAsync()
    {
        using var maker = new CliRun();
        await maker.RunAsync("usecase", "init", "fan-wear");
        var run = new CliRun();
        var target = Path.Combine(run.Directory, "fan-wear");
        Directory.Move(Path.Combine(maker.Directory, "fan-wear"), target);
        Replace(Path.Combine(target, "usecase.yaml"), "unit: h\n", "unit: hourz\n");
        Replace(Path.Combine(target, "pipeline.sql"), "bearing_temp", "bearing_tmp");
        return run;
    }

    private static void Replace(string file, string old, string with)
    {
        var text = File.ReadAllText(file);
        var at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{file} does not hold '{old}'");
        File.WriteAllText(file, text[..at] + with + text[(at + old.Length)..]);
    }

    [Theory]
    [InlineData("/proc/fan-wear")]
    [InlineData("token/fan-wear")]
    public async Task A_folder_that_cannot_be_made_is_told_with_what_to_try(string folder)
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.Failed, await run.RunAsync("usecase", "init", folder));

        var lines = run.Error.TrimEnd().Split('\n');
        Assert.StartsWith("error: the package cannot be written to ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("try:   pilotage usecase init ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_binds_to_the_tenant_a_server_has_and_says_what_to_change()
    {
        using var run = new CliRun();
        await run.RunAsync("usecase", "init", "fan-wear");

        var site = await File.ReadAllTextAsync(Path.Combine(run.Directory, "fan-wear", "site.yaml"));

        Assert.Contains($"\"{new Pilotage.Server.Hosting.ServerOptions { DataFolder = run.Directory }.Tenant}/lyon/pump-*\"", site, StringComparison.Ordinal);
        Assert.Contains("change", site, StringComparison.Ordinal);
    }
}
