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

    /// <summary>A verb that changes something by POST: <c>--dry-run</c> prints the request and sends nothing.</summary>
    public Verb Changes(Verb verb, Func<ParseResult, (string Path, JsonObject Body)> request, params Column[] columns) =>
        Changes(verb, HttpMethod.Post, request, columns);

    /// <summary>The same by another method.</summary>
    public Verb Changes(Verb verb, HttpMethod method, Func<ParseResult, (string Path, JsonObject Body)> request, params Column[] columns) =>
        Sends(verb, method, parsed => request(parsed), columns);

    /// <summary>A verb that takes something away: without <c>--yes</c> it does nothing, and says so.</summary>
    public Verb Removes(Verb verb, HttpMethod method, Func<ParseResult, string> path, params Column[] columns)
    {
        var yes = new Option<bool>("--yes") { Description = "Say that it is meant; without it, nothing is done." };
        verb.Options.Add(yes);
        return Sends(verb, method, parsed => (path(parsed), null), columns, yes);
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

    /// <summary>What would be sent, for <c>--dry-run</c>.</summary>
    public void WriteRequest(HttpMethod method, string path, JsonObject? body)
    {
        Session.Output.WriteLine($"{method} {path}");
        if (body is not null)
        {
            Session.Output.WriteLine(body.ToJsonString());
        }
    }

    private Verb Sends(
        Verb verb, HttpMethod method, Func<ParseResult, (string Path, JsonObject? Body)> request, Column[] columns, Option<bool>? yes = null)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be sent and send nothing." };
        verb.Options.Add(dryRun);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var (path, body) = request(parsed);
            if (parsed.GetValue(dryRun))
            {
                WriteRequest(method, path, body);
                return ExitCode.Done;
            }

            if (yes is not null && !parsed.GetValue(yes))
            {
                throw new CliFailure(
                    ExitCode.Usage, $"nothing was done: {verb.Name} must be said to be meant", $"it would send {method} {path}", "the same with --yes");
            }

            using var api = Connect(parsed);
            var answer = await api.ChangeAsync(method, path, body, cancellation);
            if (answer is not null)
            {
                Writer(parsed).Write(answer, columns);
            }

            return ExitCode.Done;
        });
        return verb;
    }
}
