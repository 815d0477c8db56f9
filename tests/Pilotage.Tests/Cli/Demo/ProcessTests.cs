using Pilotage.Cli.Demo.Processes;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli.Demo;

public sealed class ProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-demo-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_second_demonstration_in_the_same_folder_is_told_who_holds_it()
    {
        using var first = DemoLock.Take(_folder);

        var failure = Assert.Throws<CliFailure>(() => DemoLock.Take(_folder));

        Assert.Equal(ExitCode.Conflict, failure.ExitCode);
        Assert.Contains($"process {Environment.ProcessId}", failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("one at a time has a folder", failure.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_folder_is_free_again_afterwards()
    {
        DemoLock.Take(_folder).Dispose();

        using var second = DemoLock.Take(_folder);

        Assert.Equal(Environment.ProcessId, DemoLock.Holder(_folder));
    }

    [Fact]
    public void A_lock_left_behind_by_a_dead_process_holds_nobody_up()
    {
        File.WriteAllText(Path.Combine(_folder, "demo.pid"), "2147483646");

        Assert.Null(DemoLock.Holder(_folder));
        DemoLock.Take(_folder).Dispose();
    }

    [Fact]
    public void A_number_left_behind_that_is_another_process_by_now_is_nobody_to_end()
    {
        // This test is alive and holds no lock: ended by its number, it would be the wrong one.
        File.WriteAllText(Path.Combine(_folder, "demo.pid"), $"{Environment.ProcessId}");
        File.WriteAllText(Path.Combine(_folder, "demo.lock"), "");

        Assert.Null(DemoLock.Holder(_folder));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void A_number_that_is_no_port_is_a_usage_error(int port) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliFailure>(() => FreePorts.Demand(port, "page", "--port")).ExitCode);

    [Fact]
    public void A_folder_that_cannot_be_written_to_is_a_clear_failure()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");

        var failure = Assert.Throws<CliFailure>(() => DemoLock.Take(Path.Combine(file, "demo")));

        Assert.Contains("cannot write to", failure.Message, StringComparison.Ordinal);
    }
}
