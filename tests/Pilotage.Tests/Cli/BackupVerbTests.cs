using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Backups on the command line: files that are none, and places that cannot be had.</summary>
public sealed class BackupVerbTests
{
    [Theory]
    [InlineData(ExitCode.Usage, "cannot read .", "it is a folder, and a file is wanted", "backup", "verify", ".")]
    [InlineData(ExitCode.NotFound, "cannot read nosuch.tar", "there is no such file", "backup", "verify", "nosuch.tar")]
    [InlineData(ExitCode.NotFound, "cannot read no/such.tar", "is not there", "backup", "restore", "no/such.tar", "--data", "d")]
    public async Task What_is_no_backup_is_said(int exit, string what, string why, params string[] words)
    {
        using var run = new CliRun();
        Assert.Equal(exit, await run.RunAsync(words));
        Assert.Contains(what, run.Error, StringComparison.Ordinal);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
        Assert.Contains("try:   a file that pilotage backup create made", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_holds_something_is_left_alone_and_another_one_is_proposed()
    {
        using var run = new CliRun();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "b.tar"), "none");
        Directory.CreateDirectory(Path.Combine(run.Directory, "d"));
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "d", "there"), "something");
        Assert.Equal(ExitCode.Conflict, await run.RunAsync("backup", "restore", "b.tar", "--data", "d"));
        Assert.Contains("is not empty", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("try:   another folder with --data\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_that_may_not_be_written_is_a_matter_of_rights()
    {
        using var run = new CliRun();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "b.tar"), "none");

        // Nobody makes a folder there, whoever runs this.
        Assert.Equal(ExitCode.NotAllowed, await run.RunAsync("backup", "restore", "b.tar", "--data", "/sys/kernel/pilotage"));
        Assert.EndsWith("try:   a place that this user may write to, with --data\n", run.Error, StringComparison.Ordinal);
    }
}
