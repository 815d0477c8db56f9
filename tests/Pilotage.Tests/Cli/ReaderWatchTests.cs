using Pilotage.Cli.Frame;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class ReaderWatchTests
{
    private readonly ManualTime _time = new();
    private bool _isRead = true;

    [Fact]
    public async Task What_nobody_reads_any_more_ends()
    {
        var running = ReaderWatch.RunAsync(Session(), ForEverAsync, CancellationToken.None);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.False(running.IsCompleted);

        _isRead = false;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ExitCode.ReaderGone, await running.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task What_ends_by_itself_or_by_its_caller_ends_as_it_did()
    {
        Assert.Equal(ExitCode.Refused, await ReaderWatch.RunAsync(Session(), _ => Task.FromResult(ExitCode.Refused), CancellationToken.None));

        using var interrupted = new CancellationTokenSource();
        var running = ReaderWatch.RunAsync(Session(), ForEverAsync, interrupted.Token);
        await interrupted.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(0, _time.ArmedTimers);
    }

    private async Task<int> ForEverAsync(CancellationToken cancellation)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellation);
        return ExitCode.Done;
    }

    private CliSession Session() => new()
    {
        Output = TextWriter.Null,
        Error = TextWriter.Null,
        Environment = _ => null,
        WorkingDirectory = "/",
        Time = _time,
        OutputHasReader = () => _isRead,
    };
}
