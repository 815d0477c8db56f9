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

    /// <summary>A document that was taken in as YAML is printed as it came, and in no other form.</summary>
    public void MustBeYaml(ParseResult parsed, string what, string instead)
    {
        var told = parsed.GetResult(Options.Json) is { Implicit: false } ? "json" : parsed.GetValue(Options.Output);
        if (told is "json" or "csv" or "name")
        {
            throw new CliFailure(ExitCode.Usage, $"{what} is no {told}", "it is printed as it came, which is YAML", instead);
        }
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

    /// <summary>A verb that lists all pages of a resource; a list without a row says so, for a mistyped filter would look like one that is right.</summary>
    public Verb Lists(Verb verb, Func<ParseResult, string> path, params Column[] columns) => Lists(verb, null, path, columns);

    /// <summary>The same of rows that are called otherwise than the noun of the command.</summary>
    public Verb Lists(Verb verb, string? rowsCalled, Func<ParseResult, string> path, params Column[] columns)
    {
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = Connect(parsed);
            var rows = await api.ListAsync(path(parsed), cancellation);
            Writer(parsed).Write(rows, columns);
            if (rows.Count == 0)
            {
                Session.Error.WriteLine(Printable.Of(NoRows(rowsCalled ?? verb.Parents.OfType<Command>().First().Name + "s", "", verb.Options, parsed)));
            }

            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>A verb that changes something by POST: <c>--dry-run</c> prints the request and sends nothing.</summary>
    public Verb Changes(Verb verb, Func<ParseResult, (string Path, JsonObject Body)> request, params Column[] columns) => Changes(verb, request, null, columns);

    /// <summary>The same, with an exit code that depends on what was answered.</summary>
    public Verb Changes(Verb verb, Func<ParseResult, (string Path, JsonObject Body)> request, Func<JsonNode?, int>? exit, params Column[] columns) =>
        Sends(verb, HttpMethod.Post, parsed => request(parsed), columns, exit: exit);

    /// <summary>A verb that makes or changes something by PUT.</summary>
    public Verb Puts(Verb verb, Func<ParseResult, (string Path, JsonObject Body)> request, params Column[] columns) => Sends(verb, HttpMethod.Put, parsed => request(parsed), columns);

    /// <summary>A verb that makes something by PUT: refused where it is there already, unless <c>--replace</c> is given.</summary>
    public Verb Makes(Verb verb, Func<ParseResult, (string Path, JsonObject Body)> request, params Column[] columns)
    {
        var replace = new Option<bool>("--replace") { Description = "Take the place of one that is there already; without it, that is refused." };
        verb.Options.Add(replace);
        return Sends(verb, HttpMethod.Put, parsed => request(parsed), columns, replace: replace);
    }

    /// <summary>What a decision about several things came to: those that are not there are named, those that stay with the reason, and where nothing was meant at all, that is said.</summary>
    /// <param name="answer">Of the server.</param>
    /// <param name="count">The field with how many it was done to.</param>
    /// <param name="nothing">What is said of none.</param>
    public int Decided(JsonNode? answer, string count, string nothing)
    {
        var (missing, kept) = (answer?["notFound"] as JsonArray ?? [], (long?)answer?["kept"] ?? 0);
        if (missing.Count > 0)
        {
            Session.Error.WriteLine($"not found, and nothing was done to them: {string.Join(", ", missing.Select(Column.Text))}");
        }

        if (kept > 0)
        {
            Kept(kept, answer?["reasons"] as JsonArray ?? []);
        }

        if (missing.Count > 0 || kept > 0)
        {
            return ExitCode.PartlyDone;
        }

        if (answer?[count]?.GetValue<long>() == 0)
        {
            Session.Error.WriteLine(nothing);
        }

        return ExitCode.Done;
    }

    private void Kept(long kept, JsonArray reasons)
    {
        foreach (var reason in reasons)
        {
            Session.Error.WriteLine(Printable.Of($"kept: {reason?["id"]}: {reason?["why"]}"));
        }

        if (kept > reasons.Count)
        {
            Session.Error.WriteLine(reasons.Count == 0 ? $"kept, and nothing was done to them: {kept}" : $"kept: and {kept - reasons.Count} more");
        }
    }

    /// <summary>A verb that takes something away: without <c>--yes</c> it does nothing, and says so.</summary>
    public Verb Removes(Verb verb, HttpMethod method, Argument<string> id, Func<string, string> path, params Column[] columns) =>
        Removes(verb, method, id, (_, segment) => path(segment), columns);

    /// <summary>The same where options say more of what is taken away.</summary>
    public Verb Removes(Verb verb, HttpMethod method, Argument<string> id, Func<ParseResult, string, string> path, params Column[] columns) => Removes(verb, method, id, path, null, columns);

    /// <summary>The same, with an exit code that depends on what was answered.</summary>
    public Verb Removes(Verb verb, HttpMethod method, Argument<string> id, Func<ParseResult, string, string> path, Func<JsonNode?, int>? exit, params Column[] columns)
    {
        var yes = new Option<bool>("--yes") { Description = "Say that it is meant; without it, nothing is done." };
        verb.Options.Add(yes);
        return Sends(verb, method, parsed => (path(parsed, Segment(parsed.GetValue(id), id)), null), columns, yes, named: id, exit: exit);
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

    /// <summary><c>--count</c> of a verb that follows something: at least 1.</summary>
    public static Option<int?> Count(string description)
    {
        var count = new Option<int?>("--count") { Description = description, HelpName = "N" };
        count.Validators.Add(given =>
        {
            if (given.Tokens.Count == 1 && int.TryParse(given.Tokens[0].Value, out var number) && number < 1)
            {
                given.AddError($"--count: {number} is less than 1");
            }
        });
        return count;
    }

    public static Argument<string> Name(string name, string description) => new(name) { Description = description };

    /// <summary>What was given for an argument, as a path segment of the API.</summary>
    public static string Segment(string? given, Argument argument) => Uri.EscapeDataString(Given(given, argument));

    /// <summary>What was given to name something. Nothing, <c>.</c> and <c>..</c> name nothing: in an address they lead to the list, or to what lies above.</summary>
    public static string Given(string? given, Argument argument) => string.IsNullOrWhiteSpace(given) || given is "." or ".."
        ? throw new CliFailure(
            ExitCode.Usage,
            $"<{argument.Name}> is {(given is "." or ".." ? $"'{given}'" : "empty")}",
            "it names one thing, and this would be the address of all of them, or of what lies above",
            Listing(argument.Parents.OfType<Command>().First()))
        : given;

    /// <summary>What was given for a file, which may be anything but nothing.</summary>
    public static string FileGiven(string? given, Argument argument) => string.IsNullOrWhiteSpace(given)
        ? throw new CliFailure(ExitCode.Usage, $"<{argument.Name}> is empty", "it is the name of a file", Listing(argument.Parents.OfType<Command>().First()))
        : given;

    /// <summary>What is told of a file by the server, told by the name that was typed.</summary>
    /// <param name="given">As it was typed.</param>
    /// <param name="called">How the server calls it.</param>
    /// <param name="ask">Sends it.</param>
    public static async Task<T> OfFileAsync<T>(string given, string called, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (CliFailure failure)
        {
            throw failure.In(given, called);
        }
    }

    /// <summary>What would be sent, for <c>--dry-run</c>.</summary>
    public void WriteRequest(HttpMethod method, string path, JsonObject? body, bool onlyNew = false)
    {
        Session.Output.WriteLine($"{method} {path}");
        if (onlyNew)
        {
            Session.Output.WriteLine("If-None-Match: *");
        }

        if (body is not null)
        {
            Session.Output.WriteLine(body.ToJsonString(CliJson.Line));
        }
    }

    /// <summary>Where the names are found that a verb takes.</summary>
    private static string Listing(Command verb)
    {
        var noun = verb.Parents.OfType<Command>().First();
        return noun.Subcommands.Any(other => other.Name == "list") ? $"pilotage {noun.Name} list shows what there is" : $"pilotage {noun.Name} {verb.Name} --help";
    }

    /// <summary>What is said where nothing is found.</summary>
    /// <param name="rows">What was looked for.</param>
    /// <param name="named">What it was named by; empty where it was not.</param>
    /// <param name="filters">Options that choose among them.</param>
    /// <param name="parsed">The command.</param>
    public static string NoRows(string rows, string named, IEnumerable<Option> filters, ParseResult parsed)
    {
        var given = filters.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => $"{option.Name} {string.Join(' ', parsed.GetResult(option)!.Tokens.Select(token => token.Value))}".TrimEnd()).ToList();
        var wanted = string.Join(' ', named.Length == 0 ? given : [named, .. given]);
        return wanted.Length == 0 ? $"there are no {rows}" : $"no {rows} match {wanted}";
    }

    private Verb Sends(
        Verb verb,
        HttpMethod method,
        Func<ParseResult, (string Path, JsonObject? Body)> request,
        Column[] columns,
        Option<bool>? yes = null,
        Option<bool>? replace = null,
        Argument<string>? named = null,
        Func<JsonNode?, int>? exit = null)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be sent and send nothing." };
        verb.Options.Add(dryRun);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var (path, body) = request(parsed);
            var onlyNew = replace is not null && !parsed.GetValue(replace);
            if (parsed.GetValue(dryRun))
            {
                WriteRequest(method, path, body, onlyNew);
                return ExitCode.Done;
            }

            if (yes is not null && !parsed.GetValue(yes))
            {
                throw new CliFailure(
                    ExitCode.Usage, $"nothing was done: {verb.Name} must be said to be meant", $"it would send {method} {Uri.UnescapeDataString(path)}", "the same with --yes");
            }

            using var api = Connect(parsed);
            var answer = await api.ChangeAsync(method, path, body, cancellation, onlyNew);
            if ((answer ?? Named(parsed, named)) is { } told)
            {
                Writer(parsed).Write(told, columns);
            }

            return exit?.Invoke(answer) ?? ExitCode.Done;
        });
        return verb;
    }

    // Where the server has nothing to say, what it was done to is said.
    private static JsonObject? Named(ParseResult parsed, Argument<string>? named) => named is null ? null : new() { ["id"] = parsed.GetValue(named) };
}
