using System.CommandLine;

namespace Pilotage.Cli.Frame;

/// <summary>The options every command takes.</summary>
internal sealed class GlobalOptions
{
    public Option<string> Output { get; } = new Option<string>("--output", "-o")
    {
        Description = $"Form of the result: {ResultWriter.Formats}.",
        Recursive = true,
        HelpName = "FORM",
        DefaultValueFactory = _ => "table",
    }.AcceptOnlyFromAmong(ResultWriter.Formats.Split('|'));

    public Option<string?> Json { get; } = new("--json")
    {
        Description = "Print these fields as JSON; without a value, list the fields there are.",
        Recursive = true,
        HelpName = "FIELD,…",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<string?> Server { get; } = new("--server")
    {
        Description = "Base URL of the server; else PILOTAGE_SERVER, else the context file.",
        Recursive = true,
        HelpName = "URL",
    };

    public Option<string?> TokenFile { get; } = new("--token-file")
    {
        Description = "File with the access token; else PILOTAGE_TOKEN_FILE, else the context file.",
        Recursive = true,
        HelpName = "FILE",
    };

    public Option<bool> NoColour { get; } = new("--no-color") { Description = "Never write colours.", Recursive = true };

    public void AddTo(Command root)
    {
        root.Options.Add(Output);
        root.Options.Add(Json);
        root.Options.Add(Server);
        root.Options.Add(TokenFile);
        root.Options.Add(NoColour);
    }

    public ResultWriter Writer(ParseResult parsed, TextWriter output)
    {
        var asked = parsed.GetResult(Json) is { Implicit: false };
        return new(output, parsed.GetValue(Output)!, asked ? parsed.GetValue(Json) ?? "" : null);
    }
}
