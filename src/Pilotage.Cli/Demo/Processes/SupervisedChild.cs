namespace Pilotage.Cli.Demo.Processes;

/// <summary>A child that is started again when it ends unasked, with the same arguments and therefore the same ports and data.</summary>
internal sealed class SupervisedChild(
    string name, IReadOnlyList<string> arguments, string logFile, Action<Incident> onIncident, TimeProvider time) : IAsyncDisposable
{
    /// <summary>A child that keeps ending is not started again for ever.</summary>
    private const int StartsMax = 20;
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private readonly CancellationTokenSource _stopping = new();
    private ChildProcess? _child;
    private Task _watching = Task.CompletedTask;

    public string Name => name;

    public int Pid => _child?.Pid ?? 0;

    public async Task<string> StartAsync(CancellationToken cancellation)
    {
        var (child, ready) = await ChildProcess.StartAsync(name, arguments, logFile, ReadyWithin, time, cancellation);
        _child = child;
        _watching = WatchAsync();
        return ready;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        if (_child is { } child)
        {
            await child.StopAsync(TimeSpan.FromSeconds(8));
            await child.DisposeAsync();
        }

        _stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            for (var starts = 1; _child is { } ended; starts++)
            {
                var exit = await ended.ExitedAsync(_stopping.Token);
                var at = time.GetTimestamp();
                var pid = ended.Pid;
                _child = null;
                await ended.DisposeAsync();
                if (starts == StartsMax)
                {
                    onIncident(new(name, pid, exit, 0, 0) { Failure = $"it ended {StartsMax} times; see {logFile}" });
                    return;
                }

                (_child, _) = await ChildProcess.StartAsync(name, arguments, logFile, ReadyWithin, time, _stopping.Token);
                onIncident(new(name, pid, exit, time.GetElapsedTime(at).TotalSeconds, _child.Pid));
            }
        }
        catch (OperationCanceledException)
        {
            // The demonstration is ending.
        }
        catch (Exception failure) when (failure is Frame.CliFailure or IOException)
        {
            onIncident(new(name, 0, 0, 0, 0) { Failure = failure.Message });
        }
    }
}

/// <summary>A child that ended unasked, and how long it took to be ready again.</summary>
internal sealed record Incident(string Name, int Pid, int Exit, double SecondsDown, int NewPid)
{
    /// <summary>Set when it could not be started again.</summary>
    public string? Failure { get; init; }
}
