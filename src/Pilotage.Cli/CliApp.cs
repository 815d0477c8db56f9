using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Pilotage.Cli.Frame;
using Pilotage.Cli.Verbs;

namespace Pilotage.Cli;

/// <summary>The command tree, and the one place where a failure becomes three lines and an exit code.</summary>
internal static partial class CliApp
{
    /// <summary>Set to anything, a failure is followed by its stack: for those who mend, not for those who use.</summary>
    public const string StackVariable = "PILOTAGE_STACK";

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CliSession session, CancellationToken cancellation)
    {
        var options = new GlobalOptions();
        var root = Root(new VerbFrame(session, options), options);
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            new CliFailure(ExitCode.Usage, What(parsed), Suggestion(parsed), Instead(parsed)).WriteTo(session.Error);
            return ExitCode.Usage;
        }

        var invocation = new InvocationConfiguration
        {
            Output = session.Output,
            Error = session.Error,
            EnableDefaultExceptionHandler = false,
            // Hosts drain after the first signal; the frame must not cut them short.
            ProcessTerminationTimeout = null,
        };
        try
        {
            return await parsed.InvokeAsync(invocation, cancellation);
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            // What breaks while everything is torn down is a consequence of the interruption, whatever its type.
            session.Error.WriteLine("interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception failure)
        {
            var told = CliFailure.Of(failure);
            told.WriteTo(session.Error);
            if (!string.IsNullOrEmpty(session.Environment(StackVariable)))
            {
                session.Error.WriteLine(failure);
            }

            return told.ExitCode;
        }
    }

    internal static RootCommand Root(VerbFrame frame, GlobalOptions options)
    {
        var root = new RootCommand("Takes an edge-AI use case from pilot to production, and proves what it paid.");
        options.AddTo(root);
        root.Subcommands.Add(DemoVerbs.Create(frame));
        root.Subcommands.Add(ServerVerb.Create(frame));
        root.Subcommands.Add(BackupVerbs.Create(frame));
        root.Subcommands.Add(EdgeVerbs.Create(frame));
        root.Subcommands.Add(UseCaseVerbs.Create(frame));
        root.Subcommands.Add(PipelineVerbs.Create(frame));
        root.Subcommands.Add(GateVerbs.Create(frame));
        root.Subcommands.Add(DeviceVerbs.Create(frame));
        root.Subcommands.Add(TopicVerbs.Create(frame));
        root.Subcommands.Add(SessionVerbs.Create(frame));
        root.Subcommands.Add(DataVerbs.Create(frame));
        root.Subcommands.Add(ThingVerbs.Create(frame));
        root.Subcommands.Add(AssetVerbs.Create(frame));
        root.Subcommands.Add(ContractVerbs.Create(frame));
        root.Subcommands.Add(MappingVerbs.Create(frame));
        root.Subcommands.Add(RetentionVerbs.Create(frame));
        root.Subcommands.Add(StoreVerbs.Create(frame));
        root.Subcommands.Add(SourceVerbs.Create(frame));
        root.Subcommands.Add(PersonVerbs.Create(frame));
        root.Subcommands.Add(DatasetVerbs.Create(frame));
        root.Subcommands.Add(ModelVerbs.Create(frame));
        root.Subcommands.Add(RolloutVerbs.Create(frame));
        root.Subcommands.Add(AlertVerbs.Create(frame));
        root.Subcommands.Add(LineageVerbs.Create(frame));
        root.Subcommands.Add(OpenVerb.Create(frame));
        ExamplesHelp.InstallOn(root);
        return root;
    }

    /// <summary>A word that is no command is named, rather than the command that is missing in its place.</summary>
    private static string What(ParseResult parsed) =>
        parsed.UnmatchedTokens is [var word, ..] && parsed.CommandResult.Command.Subcommands.Count > 0 && !word.StartsWith('-')
            ? $"'{word}' is not a command of {Path(parsed)}"
            : parsed.UnmatchedTokens is [var other, ..] && parsed.CommandResult.Command.Arguments.FirstOrDefault(argument => argument.ValueType == typeof(long[])) is { } numbers
                ? $"<{numbers.Name}>: '{other}' is not a number"
                : parsed.UnmatchedTokens is [var extra, ..] && !extra.StartsWith('-') && parsed.CommandResult.Command.Arguments is { Count: > 0 } all
                    ? $"{Path(parsed)} takes {Number(all.Sum(argument => argument.Arity.MaximumNumberOfValues))} ({string.Join(' ', all.Select(argument => $"<{argument.Name}>"))}), and '{extra}' is one more"
                    : Words(parsed.Errors[0]);

    private static string Number(int values) => values switch { 1 => "one", 2 => "two", 3 => "three", _ => $"{values}" };

    /// <summary>The parser names the type it wanted; people want to know that it is a number, or which words there are.</summary>
    private static string Words(ParseError error) => error.SymbolResult is OptionResult { Option.Name: var option } && OtherWord().Match(error.Message) is { Success: true } other
        ? $"{option}: '{other.Groups[1].Value}' is not one of {string.Join(", ", Offered(error.Message))}"
        : UnparsedNumber().Replace(error.Message, "$2: '$1' is not a number");

    private static string Instead(ParseResult parsed) => parsed.Errors[0] is { SymbolResult: OptionResult { Option.Name: var option } } error && OtherWord().IsMatch(error.Message)
        ? $"{option} {Offered(error.Message)[0]}"
        : $"{Path(parsed)} --help";

    /// <summary>The words that the parser's message lists in quotation marks, after the one that was given.</summary>
    private static string[] Offered(string message) => [.. Quoted().Matches(OtherWord().Replace(message, "")).Select(word => word.Groups[1].Value)];

    [GeneratedRegex(@"^Argument '(.*?)' not recognized\. Must be one of:")]
    private static partial Regex OtherWord();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();

    [GeneratedRegex("^Cannot parse argument '(.*)' for option '(.*)' as expected type '.*(?:Double|Int32|Int64).*$")]
    private static partial Regex UnparsedNumber();

    private static string Path(ParseResult parsed)
    {
        var names = new List<string>();
        for (var at = parsed.CommandResult; at is not null; at = at.Parent as CommandResult)
        {
            names.Add(at.Command is RootCommand ? "pilotage" : at.Command.Name);
        }

        names.Reverse();
        return string.Join(' ', names);
    }

    /// <summary>The nearest command to a mistyped word, if one is near.</summary>
    private static string? Suggestion(ParseResult parsed)
    {
        var word = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        var near = word is null ? null : parsed.CommandResult.Command.Subcommands
            .Select(command => (command.Name, Distance: Distance(word, command.Name)))
            .Where(candidate => candidate.Distance <= 2)
            .OrderBy(candidate => candidate.Distance)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
        return near is null ? null : $"did you mean '{near}'?";
    }

    private static int Distance(string left, string right)
    {
        var previous = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var current = new int[right.Length + 1];
            current[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var substitute = previous[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                current[j] = Math.Min(substitute, Math.Min(previous[j], current[j - 1]) + 1);
            }

            previous = current;
        }

        return previous[^1];
    }
}
