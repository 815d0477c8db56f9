using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>source</c>: brokers of others that the server reads as a client.</summary>
internal sealed class SourceVerbs
{
    private static readonly Column[] Columns =
    [
        new("SOURCE", "name"), new("URL", "url"), new("MAPPING", "mapping"), new("STATE", "state"), new("SINCE", "since"), new("RECEIVED", "counts.received"), new("STORED", "counts.stored"), new("KEPT", "counts.kept"),
        new("UNMAPPED", "counts.unmapped"), new("WAITING", "counts.waiting"), new("LAG S", "lagSeconds"), new("DROPPED", "counts.dropped", true), new("CONNECTIONS", "counts.connections", true), new("CLIENT", "clientId", true),
        new("WHY", "why"),
    ];

    private static readonly Column[] LetterColumns =
    [
        new("ID", "id"), new("SOURCE", "source"), new("RECEIVED", "received"), new("TOPIC", "topic"), new("REASON", "reason"), new("BYTES", "bytes"), new("PAYLOAD", "payload", true),
    ];

    private static readonly Column[] LettersDecided = [new("MESSAGES", "messages"), new("KEPT", "kept"), new("WHY KEPT", "why")];

    // What the server calls them, and the option that it was said with.
    private static readonly Dictionary<string, string> Options = new(StringComparer.Ordinal)
    {
        ["name"] = "--name", ["url"] = "--url", ["topics"] = "--topics", ["qos"] = "--qos", ["version"] = "--mqtt-version", ["userName"] = "--user", ["password"] = "--password-file", ["caPem"] = "--ca",
        ["certificatePem"] = "--cert", ["keyPem"] = "--key", ["clientId"] = "--client-id", ["sessionHours"] = "--session-hours", ["seconds"] = "--preview",
    };

    private readonly VerbFrame _frame;
    private readonly Argument<string> _kind = VerbFrame.Name("kind", "mqtt");
    private readonly Option<string?> _name = DataVerbs.Text("--name", "What the source is called; default: the name of the mapping.", "NAME");
    private readonly Option<string> _url = new("--url") { Description = "Where the broker listens: mqtts://, mqtt://, wss:// or ws://.", Required = true, HelpName = "URL" };
    private readonly Option<string[]> _topics = new("--topics") { Description = "A topic filter to subscribe to; may be given several times.", Required = true, HelpName = "FILTER" };
    private readonly Option<string> _map = new("--map") { Description = "The mapping: a file, which is added with the source, or the name of one that is there.", Required = true, HelpName = "FILE|NAME" };
    private readonly Option<int?> _qos = new("--qos") { Description = "QoS to subscribe with; 1 if left out. 0 promises nothing.", HelpName = "0|1|2" };
    private readonly Option<string?> _version = DataVerbs.Text("--mqtt-version", "5, or 3.1.1 for an old broker.", "VERSION");
    private readonly Option<string?> _user = DataVerbs.Text("--user", "User name.", "NAME");
    private readonly Option<string?> _password = DataVerbs.Text("--password-file", "File whose first line is the password: it stands in no list, log or process table.", "FILE");
    private readonly Option<string?> _ca = DataVerbs.Text("--ca", "Roots (PEM) to trust instead of the machine's.", "FILE");
    private readonly Option<string?> _cert = DataVerbs.Text("--cert", "Certificate (PEM) to show.", "FILE");
    private readonly Option<string?> _key = DataVerbs.Text("--key", "Its key (PEM).", "FILE");
    private readonly Option<string?> _client = DataVerbs.Text("--client-id", "Name of the session at the broker; made up if left out.", "ID");
    private readonly Option<int?> _hours = new("--session-hours") { Description = "How long the broker is asked to keep messages while this server is away; 168 if left out.", HelpName = "N" };
    private readonly Option<int?> _preview = new("--preview") { Description = "Listen for that many seconds first and show what each topic would become; 10 where --yes is not given.", HelpName = "SECONDS" };
    private readonly Option<bool> _yes = new("--yes") { Description = "Add it; without it, only the preview is shown." };
    private readonly Option<bool> _replace = new("--replace") { Description = "Take the place of a source that is there already, and go on with its session." };

    private SourceVerbs(VerbFrame frame) => _frame = frame;

    public static Verb Create(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "The source.");
        return VerbFrame.With(
            new Verb("source", "Brokers of others that the server reads as a client, beside what already runs."),
            new SourceVerbs(frame).Add(),
            frame.Lists(new Verb("list", "Lists the sources and how each stands.", "pilotage source list", "pilotage source list -o wide"), _ => "api/v1/sources", Columns),
            Show(frame),
            Pauses(frame, "pause", "Reads a broker no more until it is resumed; the broker keeps its messages for as long as it keeps the session.", "pilotage source pause factory --dry-run"),
            Pauses(frame, "resume", "Reads a broker again that was paused, or that a restore paused. Stop any other server first that reads it under the same client id.", "pilotage source resume factory --dry-run"),
            Letters(frame),
            Retry(frame),
            Discard(frame),
            frame.Removes(
                VerbFrame.With(
                    new Verb(
                        "remove",
                        "Reads a broker no more and ends the session there; what was stored stays.",
                        "pilotage source remove factory --yes",
                        "pilotage source remove factory --dry-run"),
                    name),
                HttpMethod.Delete,
                name,
                segment => $"api/v1/sources/{segment}",
                new Column("REMOVED", "name"), new Column("SESSION ENDED", "sessionEnded"), new Column("NOTE", "note")));
    }

    private static Verb Show(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "The source.");
        var verb = VerbFrame.With(
            new Verb("show", "Shows a source: connection, subscriptions, counts, lag, and what is promised.", "pilotage source show factory", "pilotage source show factory -o json"), name);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var source = await api.GetAsync($"api/v1/sources/{VerbFrame.Segment(parsed.GetValue(name), name)}", cancellation);
            MappingVerbs.Note(frame, source);
            frame.Writer(parsed).Write(source, Columns);
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Pauses(VerbFrame frame, string verb, string says, string example)
    {
        var name = VerbFrame.Name("name", "The source.");
        var made = VerbFrame.With(new Verb(verb, says, $"pilotage source {verb} factory", example), name);
        return frame.Changes(made, parsed => ($"api/v1/sources/{VerbFrame.Segment(parsed.GetValue(name), name)}/{verb}", new JsonObject()), Columns);
    }

    private static Verb Letters(VerbFrame frame)
    {
        var source = DataVerbs.Text("--source", "Of this source alone.", "NAME");
        return frame.Lists(
            VerbFrame.With(
                new Verb(
                    "dead-letters",
                    "Lists messages that a rule takes and that could not be read, so that nobody knows whose they are: on disk, with the reason.",
                    "pilotage source dead-letters",
                    "pilotage source dead-letters --source factory -o wide"),
                source),
            "dead letters",
            parsed => DataVerbs.Address("api/v1/dead-letters", ("source", parsed.GetValue(source)), ("limit", "1000")),
            LetterColumns);
    }

    private static Verb Retry(VerbFrame frame)
    {
        var (name, ids) = (VerbFrame.Name("name", "The source."), Ids());
        var verb = VerbFrame.With(
            new Verb(
                "retry",
                "Reads the dead letters of a source by its mapping as it is now; what can be read is stored at its time, the rest stays.",
                "pilotage source retry factory",
                "pilotage source retry factory 17 18"),
            name, ids);
        return frame.Changes(
            verb, parsed => (DataVerbs.Address("api/v1/dead-letters/retry", ("source", VerbFrame.Given(parsed.GetValue(name), name)), ("id", Joined(parsed.GetValue(ids)))), new JsonObject()),
            answer => frame.Decided(answer, "messages", "there are no dead letters of this source"), LettersDecided);
    }

    private static Verb Discard(VerbFrame frame)
    {
        var (name, ids) = (VerbFrame.Name("name", "The source."), Ids());
        return frame.Removes(
            VerbFrame.With(
                new Verb(
                    "discard",
                    "Discards the dead letters of a source for good.",
                    "pilotage source discard factory --yes",
                    "pilotage source discard factory 17 18 --dry-run"),
                name, ids),
            HttpMethod.Delete,
            name,
            (parsed, segment) => DataVerbs.Address("api/v1/dead-letters", ("source", Uri.UnescapeDataString(segment)), ("id", Joined(parsed.GetValue(ids)))),
            answer => frame.Decided(answer, "messages", "there are no dead letters of this source"),
            LettersDecided);
    }

    private static Argument<long[]> Ids() => new("id") { Description = "By their numbers; all of the source if left out.", Arity = ArgumentArity.ZeroOrMore };

    private static string? Joined(long[]? ids) => ids is { Length: > 0 } ? string.Join(',', ids) : null;

    private Verb Add()
    {
        var verb = VerbFrame.With(
            new Verb(
                "add",
                "Joins a broker as a client and stores what its topics mean. Shows first what each topic would become; --yes adds it. Messages are acknowledged to the broker once they are on disk here.",
                "pilotage source add mqtt --url mqtts://plant:8883 --topics 'factory/#' --map m.yaml",
                "pilotage source add mqtt --url mqtts://plant:8883 --ca ca.pem --user pilotage --password-file pw --topics 'factory/#' --map m.yaml --preview 5 --yes"),
            _kind, _name, _url, _topics, _map, _qos, _version, _user, _password, _ca, _cert, _key, _client, _hours, _preview, _yes, _replace);
        verb.SetAction(RunAsync);
        return verb;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(_kind) is not "mqtt" and var kind)
        {
            throw new CliFailure(ExitCode.Usage, $"'{kind}' is no kind of source", "brokers that speak MQTT are read", "pilotage source add mqtt --url URL --topics FILTER --map FILE");
        }

        var (yes, seconds) = (parsed.GetValue(_yes), parsed.GetValue(_preview));
        var map = parsed.GetValue(_map)!;
        var document = File.Exists(Path.GetFullPath(map, _frame.Session.WorkingDirectory)) || map.Contains('.', StringComparison.Ordinal) ? MappingVerbs.Read(_frame, map) : null;
        var mapping = document is null ? map : MappingVerbs.NameIn(document, map);
        var name = parsed.GetValue(_name) ?? mapping;
        var source = Body(parsed, mapping);
        using var api = _frame.Connect(parsed);
        if (seconds is not null || !yes)
        {
            await PreviewAsync(parsed, api, name, source, document, seconds, cancellation);
        }

        if (!yes)
        {
            _frame.Session.Error.WriteLine("nothing was added: the same with --yes adds it");
            return ExitCode.Done;
        }

        if (document is not null)
        {
            MappingVerbs.Note(_frame, await VerbFrame.OfFileAsync(
                map, mapping + ".yaml", () => api.PutBytesAsync($"api/v1/mappings/{Uri.EscapeDataString(mapping)}/document", Encoding.UTF8.GetBytes(document), cancellation, "application/yaml")));
        }

        var added = await OfOptionsAsync(() => api.ChangeAsync(HttpMethod.Put, $"api/v1/sources/{Uri.EscapeDataString(name)}", source, cancellation, onlyNew: !parsed.GetValue(_replace)));
        MappingVerbs.Note(_frame, added);
        _frame.Writer(parsed).Write(added, Columns);
        return ExitCode.Done;
    }

    private async Task PreviewAsync(ParseResult parsed, ApiClient api, string name, JsonObject source, string? document, int? seconds, CancellationToken cancellation)
    {
        var asked = new JsonObject { ["name"] = name, ["source"] = source.DeepClone() };
        if (document is not null)
        {
            asked["document"] = document;
        }

        if (seconds is { } lasts)
        {
            asked["seconds"] = lasts;
        }

        var heard = await VerbFrame.OfFileAsync(parsed.GetValue(_map)!, "mapping", () => OfOptionsAsync(() => api.PostAsync("api/v1/sources/preview", asked, cancellation)));
        MappingVerbs.Note(_frame, heard);
        _frame.Session.Error.WriteLine(
            $"{heard?["messages"]} messages on {heard?["seen"]} topics in {heard?["seconds"]} s; {string.Join(", ", (heard?["topics"] as JsonArray ?? []).Select(one => $"{one?["topic"]}: {one?["answer"]}"))}");

        // Where the source is added too, its row is the result.
        var writer = parsed.GetValue(_yes) ? new ResultWriter(_frame.Session.Error, "table", null) : _frame.Writer(parsed);
        writer.Write(writer.IsMachineReadable ? heard : MappingVerbs.Flat(heard), MappingVerbs.OutlookColumns, "topic");
    }

    /// <summary>What the server refuses of an option, told by the option.</summary>
    private static async Task<JsonNode?> OfOptionsAsync(Func<Task<JsonNode?>> ask)
    {
        try
        {
            return await ask();
        }
        catch (CliFailure failure) when (failure.Faults is [var fault] && Options.TryGetValue(fault.Where.TrimStart('/'), out var option))
        {
            throw new CliFailure(failure.ExitCode, $"{option} {fault.Message.TrimEnd('.')}", failure.Why, failure.Try) { Code = failure.Code };
        }
    }

    private JsonObject Body(ParseResult parsed, string mapping)
    {
        var body = new JsonObject
        {
            ["url"] = parsed.GetValue(_url),
            ["topics"] = new JsonArray([.. (parsed.GetValue(_topics) ?? []).Select(topic => (JsonNode)topic)]),
            ["mapping"] = mapping,
        };
        void Put(string name, JsonNode? value)
        {
            if (value is not null)
            {
                body[name] = value;
            }
        }

        string? Content(Option<string?> option) => parsed.GetValue(option) is { } file ? Secret(option, file) : null;
        Put("qos", parsed.GetValue(_qos));
        Put("version", parsed.GetValue(_version));
        Put("userName", parsed.GetValue(_user));
        Put("password", Content(_password)?.Split('\n')[0].TrimEnd('\r'));
        Put("caPem", Content(_ca));
        Put("certificatePem", Content(_cert));
        Put("keyPem", Content(_key));
        Put("clientId", parsed.GetValue(_client));
        Put("sessionHours", parsed.GetValue(_hours));
        return body;
    }

    private string Secret(Option option, string file)
    {
        var path = Path.GetFullPath(file, _frame.Session.WorkingDirectory);
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Usage, $"{option.Name} {file} cannot be read", FileFault.Why(failure, path));
        }
    }
}
