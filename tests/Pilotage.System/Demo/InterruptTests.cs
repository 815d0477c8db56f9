using System.Text.Json;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Demo;

/// <summary>Ctrl-C, a polite kill and <c>demo stop</c>, at whatever step: all processes end, ports are free, the next run starts.</summary>
public sealed class InterruptTests : IDisposable
{
    private const int Interrupted = 130;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(5);
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-interrupt-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Ctrl_c_at_any_step_ends_everything_and_the_next_run_starts()
    {
        // One folder throughout, so that each start meets what the interrupted run before it left.
        foreach (var part in new[] { "machines to fit on", "start ", "histories", "cross-validation" })
        {
            await InterruptAsync(part, demo => demo.PressControlC());
        }
    }

    [Fact]
    public async Task Late_steps_end_as_cleanly_and_so_does_sigterm()
    {
        await using var demo = DemoProcess.Start(_folder, "--once", "--report", "r.json");
        await demo.UntilAsync("rollout rolling", Patience);
        await demo.UntilAsync("machines still running", Patience);
        Assert.NotEmpty(demo.Processes());
        demo.PressControlC();
        await AssertEndedAsync(demo, Interrupted);

        // The report says that it is not a whole one.
        using var report = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder, "r.json")));
        Assert.False(report.RootElement.GetProperty("ok").GetBoolean());
        Assert.Contains("interrupted", report.RootElement.GetProperty("faults")[0].GetString(), StringComparison.Ordinal);
        await InterruptAsync("rollout rolling", late => late.Terminate());
    }

    [Fact]
    public async Task A_second_ctrl_c_leaves_no_child_behind_not_even_one_that_does_not_answer()
    {
        await using var demo = DemoProcess.Start(_folder, "--once");
        await demo.UntilAsync("start ", Patience);
        var server = demo.ChildNamed("server");
        ChildProcess.Freeze(server);
        try
        {
            var ended = demo.EndAsync(AtOnce);
            while (!ended.IsCompleted)
            {
                demo.PressControlC();
                await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System));
            }

            // Asked to end, the frozen one would stay for ever.
            await ended;
            await AssertGoneAsync(demo);
            Assert.True(demo.PortsAreFree());
        }
        finally
        {
            if (ChildProcess.IsRunning(server))
            {
                ChildProcess.Kill(server);
            }
        }
    }

    [Fact]
    public async Task It_ends_with_its_children_when_whoever_read_it_has_gone()
    {
        await using var shell = ChildProcess.Start("bash", ["-c", "\"$0\" demo --port 0 | head -n 1; echo \"status ${PIPESTATUS[0]}\"", Server.ServerProcess.Binary], _folder);

        Assert.Equal("status 141", await shell.WaitForAsync("status ", Patience));

        await shell.EndAsync().WaitAsync(Patience);
        Assert.Empty(DemoProcess.ProcessesIn(_folder));
    }

    [Fact]
    public async Task A_second_one_is_refused_and_stop_ends_the_first_and_purge_leaves_nothing()
    {
        await using var first = DemoProcess.Start(_folder);
        await first.UntilAsync("start ", Patience);

        var (exit, _, errors) = await DemoProcess.RunAsync(_folder, "demo", "--port", "0");
        Assert.Equal(5, exit);
        Assert.Contains("a demonstration is running in", errors, StringComparison.Ordinal);
        Assert.Contains("pilotage demo stop", errors, StringComparison.Ordinal);

        var elsewhere = Directory.CreateDirectory(Path.Combine(_folder, "elsewhere")).FullName;
        (exit, _, errors) = await DemoProcess.RunAsync(elsewhere, "demo", "--port", $"{first.Port}");
        Assert.Equal(5, exit);
        Assert.Contains($"port {first.Port} on 127.0.0.1 is taken", errors, StringComparison.Ordinal);
        Assert.Contains("--port", errors, StringComparison.Ordinal);
        Directory.Delete(elsewhere, recursive: true);

        (exit, var output, errors) = await DemoProcess.RunAsync(_folder, "demo", "stop", "--purge");
        Assert.True(exit == 0, errors);
        Assert.Contains("has ended", output, StringComparison.Ordinal);
        await first.EndAsync(Patience);
        Assert.Empty(first.Processes());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    private async Task InterruptAsync(string part, Action<DemoProcess> how)
    {
        await using var demo = DemoProcess.Start(_folder, "--once");
        await demo.UntilAsync(part, Patience);
        how(demo);
        await AssertEndedAsync(demo, Interrupted);
    }

    private static async Task AssertGoneAsync(DemoProcess demo)
    {
        using var deadline = new CancellationTokenSource(AtOnce, TimeProvider.System);
        while (demo.Processes().Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
        }
    }

    private static async Task AssertEndedAsync(DemoProcess demo, int exit)
    {
        await demo.EndAsync(Patience);
        Assert.True(demo.ExitCode == exit, $"ended with {demo.ExitCode}: {demo.Story}");
        Assert.Empty(demo.Processes());
        Assert.DoesNotContain("   at ", demo.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("incident", demo.Story, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(demo.Folder, ".pilotage/demo/demo.pid")));
        if (File.Exists(Path.Combine(demo.Folder, ".pilotage/demo/ports.json")))
        {
            Assert.True(demo.PortsAreFree());
        }
    }
}
