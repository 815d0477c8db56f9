namespace Pilotage.Cli.Frame;

/// <summary>Ends what writes for as long as it runs when nobody reads it any more, as in <c>pilotage demo | head -1</c>.</summary>
internal sealed class ReaderWatch : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    private readonly CliSession _session;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching;

    public ReaderWatch(CliSession session, CancellationToken cancellation)
    {
        _session = session;
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _watching = WatchAsync();
    }

    /// <summary>Cancelled with the caller's token, and when the reader has gone.</summary>
    public CancellationToken Token => _source.Token;

    public bool ReaderGone { get; private set; }

    /// <summary>Runs until done; a reader that went away ends it with <see cref="ExitCode.ReaderGone"/>, whatever broke on the way.</summary>
    public static async Task<int> RunAsync(CliSession session, Func<CancellationToken, Task<int>> run, CancellationToken cancellation)
    {
        await using var watch = new ReaderWatch(session, cancellation);
        try
        {
            var exit = await run(watch.Token);
            return watch.ReaderGone ? ExitCode.ReaderGone : exit;
        }
        catch (Exception) when (watch.ReaderGone)
        {
            return ExitCode.ReaderGone;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _watching;
        _over.Dispose();
        _source.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Every, _session.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token))
            {
                if (!_session.OutputHasReader())
                {
                    ReaderGone = true;
                    await _source.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The command has ended first.
        }
    }
}
