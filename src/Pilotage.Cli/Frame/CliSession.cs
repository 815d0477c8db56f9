namespace Pilotage.Cli.Frame;

/// <summary>Everything a command may touch of the world around it, so that a test can stand in for it.</summary>
internal sealed record CliSession
{
    public required TextWriter Output { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Standard output is a terminal: tables may use its width, questions may be asked.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>False once whoever read the output has gone.</summary>
    public Func<bool> OutputHasReader { get; init; } = () => true;

    public required Func<string, string?> Environment { get; init; }

    public required string WorkingDirectory { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Answers HTTP in tests; <c>null</c> means the network.</summary>
    public HttpMessageHandler? Http { get; init; }

    public bool Colour(bool switchedOff) =>
        OutputIsTerminal && !switchedOff && string.IsNullOrEmpty(Environment("NO_COLOR")) && Environment("TERM") != "dumb";

    public static CliSession OfProcess() => new()
    {
        Output = Console.Out,
        Error = Console.Error,
        OutputIsTerminal = !Console.IsOutputRedirected,
        OutputHasReader = StandardOutput.HasReader,
        Environment = System.Environment.GetEnvironmentVariable,
        WorkingDirectory = Directory.GetCurrentDirectory(),
    };
}
