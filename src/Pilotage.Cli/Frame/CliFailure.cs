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

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();
}
