namespace Pilotage.Cli.Frame;

/// <summary>What the process answers; scripts rely on these numbers.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int NotAllowed = 4;
    public const int Conflict = 5;
    public const int Refused = 6;
    public const int TimedOut = 7;
    public const int PartlyDone = 8;
    public const int Interrupted = 130;

    /// <summary>Whoever read the output has gone; the number a shell gives to a program that SIGPIPE ended.</summary>
    public const int ReaderGone = 141;
}
