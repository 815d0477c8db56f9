using System.Globalization;
using System.Text.RegularExpressions;

namespace Pilotage.Cli.Frame;

/// <summary>Ends a command with a few lines: what failed, why, where, and what to try.</summary>
internal sealed partial class CliFailure(int exitCode, string what, string? why = null, string? tryThis = null) : Exception(what)
{
    // What a screen holds; all of them are in the answer of the server.
    private const int FaultsShown = 20;
    private const int LineCharsMax = 600;

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

        var faults = Faults.Where(fault => !Message.Contains($"{fault.Where}: {fault.Message.TrimEnd('.')}", StringComparison.Ordinal)).ToList();
        if (Faults.Count > 1)
        {
            faults.Take(FaultsShown).ToList().ForEach(fault => error.WriteLine($"at:    {OneLine($"{fault.Where}: {fault.Message}")}"));
        }

        if (Faults.Count > 1 && faults.Count > FaultsShown)
        {
            error.WriteLine($"at:    and {faults.Count - FaultsShown} more places");
        }

        if (Try is not null)
        {
            error.WriteLine($"try:   {OneLine(Try)}");
        }
    }

    /// <summary>The same, of a file that the server knows by another name than the one that was typed.</summary>
    /// <param name="file">As it was typed.</param>
    /// <param name="called">How the server calls it, before <c>:LINE</c>.</param>
    public CliFailure In(string file, string called)
    {
        string Named(string text) => Regex.Replace(text, $@"(?<![\w./-]){Regex.Escape(called)}(?=:\d)", file.Replace("$", "$$", StringComparison.Ordinal));
        var message = Named(Message);
        return new CliFailure(ExitCode, message.Contains($"{file}:", StringComparison.Ordinal) || Faults.Count == 0 ? message : $"{file}: {message}", Why is null ? null : Named(Why), Try)
        {
            Unreachable = Unreachable, Code = Code, Faults = [.. Faults.Select(fault => (Named(fault.Where), fault.Message))],
        };
    }

    /// <summary>The sentences of others, put together: without the runtime's names of its own places, and with one mark where two came together.</summary>
    internal static string Plain(string text)
    {
        text = JsonLine().Replace(text, place => FormattableString.Invariant(
            $" (line {long.Parse(place.Groups["line"].Value, CultureInfo.InvariantCulture) + 1}, byte {long.Parse(place.Groups["byte"].Value, CultureInfo.InvariantCulture) + 1})"));
        text = ParameterName().Replace(text, "");
        return DoubledMark().Replace(text, "");
    }

    [GeneratedRegex(@"\.? (?:Path: \S+ \| )?LineNumber: (?<line>\d{1,18}) \| BytePositionInLine: (?<byte>\d{1,18})")]
    private static partial Regex JsonLine();

    [GeneratedRegex(@" \(Parameter '[^']*'\)")]
    private static partial Regex ParameterName();

    // ".." as a folder, and dots that say that something is left out, stay.
    [GeneratedRegex(@"(?<=[\w)\]""'])\.(?=[;,:.](?:\s|$))|(?<=[\w)\]""'][!?;,:])\.(?=\s|$)")]
    private static partial Regex DoubledMark();

    private static string OneLine(string text)
    {
        var line = Plain(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        return line.Length <= LineCharsMax ? line : line[..LineCharsMax] + "…";
    }
}
