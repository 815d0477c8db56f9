namespace Pilotage.Cli.Frame;

/// <summary>Ends a command with three lines: what failed, why, and what to try.</summary>
internal sealed class CliFailure(int exitCode, string what, string? why = null, string? tryThis = null) : Exception(what)
{
    public int ExitCode { get; } = exitCode;

    public string? Why { get; } = why;

    public string? Try { get; } = tryThis;

    /// <summary>Nobody answered: the same call may succeed once the other side is back.</summary>
    public bool Unreachable { get; init; }

    /// <summary>The stable code of the server's refusal, for example <c>baseline.exists</c>.</summary>
    public string? Code { get; init; }

    /// <summary>Where the server says that the faults are, and what they are.</summary>
    public IReadOnlyList<(string Where, string Message)> Faults { get; init; } = [];

    /// <summary>Any failure as one that can be shown: a file or a connection by its own words, everything else as a fault of ours.</summary>
    public static CliFailure Of(Exception failure) => failure switch
    {
        CliFailure told => told,
        IOException or UnauthorizedAccessException => new(Frame.ExitCode.Failed, failure.Message, "a file or a connection failed", "see that it is there, has room, and may be used by this user"),
        _ => new(
            Frame.ExitCode.Failed,
            $"this should not have happened: {failure.Message}",
            $"a fault of pilotage itself ({failure.GetType().Name})",
            $"report it with what {CliApp.StackVariable}=1 prints"),
    };

    public void WriteTo(TextWriter error)
    {
        error.WriteLine($"error: {OneLine(Message)}");
        if (Why is not null)
        {
            error.WriteLine($"why:   {OneLine(Why)}");
        }

        if (Try is not null)
        {
            error.WriteLine($"try:   {OneLine(Try)}");
        }
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
