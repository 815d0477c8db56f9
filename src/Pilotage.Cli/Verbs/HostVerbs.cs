using System.CommandLine;

namespace Pilotage.Cli.Verbs;

/// <summary>What the verbs that run a host in the foreground share.</summary>
internal static class HostVerbs
{
    private const string StdinOption = "--until-stdin-ends";

    /// <summary>Whether this process was started by another one of ours: a child of the demonstration, or an edge's worker.</summary>
    public static bool IsChild(IReadOnlyList<string> arguments) =>
        arguments.Contains(StdinOption, StringComparer.Ordinal) || arguments is ["edge", "worker", ..];

    public static Option<bool> UntilStdinEnds() => new(StdinOption)
    {
        Description = "End when standard input closes: a child never outlives the process that started it.",
        Hidden = true,
    };

    /// <summary>A token that is also cancelled when standard input closes, where that was asked for.</summary>
    public static CancellationTokenSource Stopping(bool untilStdinEnds, CancellationToken cancellation)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (untilStdinEnds)
        {
            _ = WatchAsync(source);
        }

        return source;
    }

    private static async Task WatchAsync(CancellationTokenSource source)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer) > 0)
        {
        }

        try
        {
            await source.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The host ended first.
        }
    }
}
