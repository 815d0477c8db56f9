using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Pilotage.Cli.Frame;

/// <summary>The usual help, followed by the examples of the command or, on a noun, one of each of its verbs.</summary>
internal sealed class ExamplesHelp(HelpAction inner) : SynchronousCommandLineAction
{
    public static void InstallOn(Command root)
    {
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            if (help.Action is HelpAction inner)
            {
                help.Action = new ExamplesHelp(inner);
            }
        }
    }

    /// <summary>Who asks for help need not name the arguments yet.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var exit = inner.Invoke(parseResult);
        var examples = Of(parseResult.CommandResult.Command).ToList();
        if (examples.Count > 0)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in examples)
            {
                output.WriteLine($"  {example}");
            }

            output.WriteLine();
        }

        return exit;
    }

    private static IEnumerable<string> Of(Command command) => command is Verb { Examples.Count: > 0 } verb
        ? verb.Examples
        : command.Subcommands.OfType<Verb>().SelectMany(child => child.Examples.Take(1));
}
