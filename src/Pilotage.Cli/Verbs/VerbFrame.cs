using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary>What all verbs share: the session, the global options, and the way to the server.</summary>
internal sealed class VerbFrame(CliSession session, GlobalOptions options)
{
    public CliSession Session { get; } = session;

    public GlobalOptions Options { get; } = options;

    public ResultWriter Writer(ParseResult parsed) => Options.Writer(parsed, Session.Output);

    public ApiClient Connect(ParseResult parsed)
    {
        var context = ApiContext.Find(Session, parsed.GetValue(Options.Server), parsed.GetValue(Options.TokenFile));
        return new(context.Server, context.ReadToken(), Session.Http);
    }

    /// <summary>A verb that reads one document and prints it.</summary>
    public Verb Reads(Verb verb, Func<ParseResult, string> path, params Column[] columns)
    {
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = Connect(parsed);
            Writer(parsed).Write(await api.GetAsync(path(parsed), cancellation), columns);
            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>A verb that lists all pages of a resource.</summary>
    public Verb Lists(Verb verb, Func<ParseResult, string> path, params Column[] columns)
    {
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = Connect(parsed);
            Writer(parsed).Write(await api.ListAsync(path(parsed), cancellation), columns);
            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>A verb that changes something: <c>--dry-run</c> prints the request and sends nothing.</summary>
    public Verb Changes(Verb verb, Func<ParseResult, (string Path, JsonObject Body)> request, params Column[] columns)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be sent and send nothing." };
        verb.Options.Add(dryRun);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var (path, body) = request(parsed);
            if (parsed.GetValue(dryRun))
            {
                Session.Output.WriteLine($"POST {path}");
                Session.Output.WriteLine(body.ToJsonString());
                return ExitCode.Done;
            }

            using var api = Connect(parsed);
            Writer(parsed).Write(await api.PostAsync(path, body, cancellation), columns);
            return ExitCode.Done;
        });
        return verb;
    }

    public static Verb With(Verb verb, params Symbol[] symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Argument argument:
                    verb.Arguments.Add(argument);
                    break;
                case Option option:
                    verb.Options.Add(option);
                    break;
                case Command command:
                    verb.Subcommands.Add(command);
                    break;
            }
        }

        return verb;
    }

    public static Argument<string> Name(string name, string description) => new(name) { Description = description };

    /// <summary>A path segment of the API.</summary>
    public static string Segment(string? text) => Uri.EscapeDataString(text ?? "");
}
