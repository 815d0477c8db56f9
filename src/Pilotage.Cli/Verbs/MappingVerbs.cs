using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>mapping</c>: what the topics of others mean here.</summary>
internal static class MappingVerbs
{
    private static readonly Column[] Columns =
    [
        new("MAPPING", "name"), new("VERSION", "version"), new("RULES", "rules"), new("WRITTEN", "written"), new("BY", "writtenBy"), new("DIGEST", "digest", true), new("DESCRIPTION", "description"),
    ];

    private static readonly Column[] RuleColumns =
    [
        new("RULE", "rule"), new("TOPIC", "topic"), new("DEVICE", "device"), new("THING", "thing"), new("PROPERTY", "property"), new("PAYLOAD", "payload"), new("TIME", "time"), new("LINE", "line", true),
    ];

    private static readonly string[] Whole = ["topic", "rule", "fate", "says"];
    private static readonly string[] OfDevice = ["device", "isNew", "ts"];
    private static readonly string[] OfValue = ["property", "value", "unit", "kind"];

    private static readonly Column[] UnmappedColumns =
    [
        new("SOURCE", "source"), new("TOPIC", "topic"), new("MESSAGES", "messages"), new("LAST", "last"), new("LOOKS LIKE", "payload"), new("KIND", "guesses.0.kind"), new("UNIT", "guesses.0.unit"), new("SURE", "guesses.0.confidence"),
        new("WHY UNMAPPED", "why"), new("PROBLEM", "problem", true),
    ];

    /// <summary>What messages would become, value by value.</summary>
    public static Column[] OutlookColumns { get; } =
    [
        new("TOPIC", "topic"), new("RULE", "rule"), new("DEVICE", "device"), new("NEW", "isNew"), new("TIME", "ts"), new("PROPERTY", "property"), new("VALUE", "value"), new("UNIT", "unit"), new("KIND", "kind", true), new("FATE", "fate"),
        new("SAYS", "says"),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("mapping", "Mappings: foreign topics by pattern, and the device and property each becomes."),
        Add(frame),
        frame.Lists(new Verb("list", "Lists the mappings.", "pilotage mapping list", "pilotage mapping list -o name"), _ => "api/v1/mappings", Columns),
        Show(frame),
        Remove(frame),
        Preview(frame),
        Unmapped(frame),
        Propose(frame));

    /// <summary>The text of a mapping in a file.</summary>
    public static string Read(VerbFrame frame, string given)
    {
        var path = Path.GetFullPath(given, frame.Session.WorkingDirectory);
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Usage, $"{given} cannot be read", FileFault.Why(failure, path), "a file with a mapping in YAML; docs/reference/mappings.md shows one");
        }
    }

    /// <summary>The name that a mapping gives itself. The server reads the rest, and says what is wrong with it.</summary>
    public static string NameIn(string document, string given)
    {
        var line = document.Split('\n').FirstOrDefault(line => line.StartsWith("name:", StringComparison.Ordinal));
        var name = line?["name:".Length..].Split('#')[0].Trim().Trim('"', '\'');
        return string.IsNullOrEmpty(name) || name is "." or ".." ? throw new CliFailure(ExitCode.Usage, $"{given} has no line that begins with name:", "a mapping is known by its name", "add one: name: factory") : name;
    }

    /// <summary>One line for each value that a message would become, and one for a message that becomes none.</summary>
    public static JsonArray Flat(JsonNode? outlooks)
    {
        var rows = new JsonArray();
        foreach (var outlook in ResultWriter.Rows(outlooks))
        {
            var values = (outlook?["rows"] as JsonArray ?? []).SelectMany(row => (row?["values"] as JsonArray ?? []).Select(value => (row, value))).ToList();
            foreach (var (row, value) in values.Count > 0 ? values : [(null, null)])
            {
                var flat = new JsonObject();
                foreach (var (from, names) in new[] { (outlook, Whole), (row, OfDevice), (value, OfValue) })
                {
                    foreach (var name in names)
                    {
                        flat[name] = from?[name]?.DeepClone();
                    }
                }

                rows.Add(flat);
            }
        }

        return rows;
    }

    /// <summary>What is right and may surprise, on standard error.</summary>
    public static void Note(VerbFrame frame, JsonNode? answer)
    {
        foreach (var note in answer?["notes"] as JsonArray ?? [])
        {
            frame.Session.Error.WriteLine($"note: {Printable.Of($"{note}")}");
        }
    }

    private static Verb Add(VerbFrame frame)
    {
        var file = VerbFrame.Name("file", "A mapping in YAML.");
        var replace = new Option<bool>("--replace") { Description = "Take the place of an older version that is there already; without it, that is refused." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be sent and send nothing." };
        var verb = VerbFrame.With(
            new Verb(
                "add",
                "Adds a mapping, or with --replace a higher version of one: what is wrong with it is told by line. Sources that use it go on with it at once.",
                "pilotage mapping add factory.yaml",
                "pilotage mapping add factory.yaml --replace"),
            file, replace, dryRun);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var given = VerbFrame.FileGiven(parsed.GetValue(file), file);
            var document = Read(frame, given);
            var path = $"api/v1/mappings/{Uri.EscapeDataString(NameIn(document, given))}/document";
            if (parsed.GetValue(dryRun))
            {
                frame.WriteRequest(HttpMethod.Put, path, null, !parsed.GetValue(replace));
                return ExitCode.Done;
            }

            using var api = frame.Connect(parsed);
            var added = await VerbFrame.OfFileAsync(
                given, NameIn(document, given) + ".yaml", () => api.PutBytesAsync(path, Encoding.UTF8.GetBytes(document), cancellation, "application/yaml", onlyNew: !parsed.GetValue(replace)));
            Note(frame, added);
            frame.Writer(parsed).Write(added, Columns);
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Show(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "The mapping.");
        var document = new Option<bool>("--document") { Description = "Print the mapping as it was added." };
        var version = new Option<int?>("--version") { Description = "With --document: another version than the one in force; the newest 20 are kept.", HelpName = "N" };
        var verb = VerbFrame.With(
            new Verb(
                "show",
                "Shows the rules of a mapping in the order in which they are asked, the most specific first; or the mapping as it was added.",
                "pilotage mapping show factory",
                "pilotage mapping show factory --document > factory.yaml"),
            name, document, version);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var path = $"api/v1/mappings/{VerbFrame.Segment(parsed.GetValue(name), name)}";
            if (parsed.GetValue(document))
            {
                frame.MustBeYaml(parsed, "the document of a mapping", "the same without -o, or without --document for its rules as JSON");
                var text = await api.GetBytesAsync($"{path}/document{(parsed.GetValue(version) is { } number ? $"?version={number}" : "")}", cancellation);
                frame.Session.Output.Write(Encoding.UTF8.GetString(text));
                return ExitCode.Done;
            }

            var mapping = await api.GetAsync(path, cancellation);
            var writer = frame.Writer(parsed);
            Note(frame, mapping);
            writer.Write(writer.IsMachineReadable ? mapping : mapping?["rules"], RuleColumns, "rule");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Remove(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "The mapping.");
        return frame.Removes(
            VerbFrame.With(
                new Verb(
                    "remove",
                    "Takes a mapping away that no source uses; devices and what was stored of them stay.",
                    "pilotage mapping remove factory --yes",
                    "pilotage mapping remove factory --dry-run"),
                name),
            HttpMethod.Delete,
            name,
            segment => $"api/v1/mappings/{segment}",
            new Column("REMOVED", "name"), new Column("NOTE", "note"));
    }

    private static Verb Preview(VerbFrame frame)
    {
        var file = VerbFrame.Name("file", "A mapping in YAML.");
        var sample = new Option<string[]>("--sample") { Description = "A message to try it on; may be given several times.", HelpName = "TOPIC=PAYLOAD" };
        var from = new Option<string?>("--from") { Description = "Messages to try it on, one a line: {\"topic\":…,\"payload\":…}; at most 1,000.", HelpName = "FILE.jsonl" };
        var source = new Option<string?>("--source") { Description = "What {source} stands for.", HelpName = "NAME" };
        var verb = VerbFrame.With(
            new Verb(
                "preview",
                "Shows what messages would become by a mapping that need not be added yet; stores nothing.",
                "pilotage mapping preview factory.yaml --sample factory/l1/press-2/status/temp=21.5",
                "pilotage mapping preview factory.yaml --from recorded.jsonl -o json"),
            file, sample, from, source);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var given = VerbFrame.FileGiven(parsed.GetValue(file), file);
            var body = new JsonObject
            {
                ["mapping"] = Read(frame, given),
                ["samples"] = new JsonArray([.. (parsed.GetValue(sample) ?? []).Select(Sample), .. parsed.GetValue(from) is { } lines ? Lines(frame, lines) : []]),
            };
            if (parsed.GetValue(source) is { } called)
            {
                body["source"] = called;
            }

            using var api = frame.Connect(parsed);
            var seen = await VerbFrame.OfFileAsync(given, "mapping", () => api.PostAsync("api/v1/mappings/preview", body, cancellation));
            Note(frame, seen);
            var writer = frame.Writer(parsed);
            writer.Write(writer.IsMachineReadable ? seen : Flat(seen), OutlookColumns, "topic");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Unmapped(VerbFrame frame)
    {
        var source = DataVerbs.Text("--source", "Of this source alone.", "NAME");
        return frame.Lists(
            VerbFrame.With(
                new Verb(
                    "unmapped",
                    "Lists topics of sources that nothing maps: how much came, why it was not stored, and what it seems to be. In memory, the newest 1,000.",
                    "pilotage mapping unmapped",
                    "pilotage mapping unmapped --source factory -o json"),
                source),
            "unmapped topics",
            parsed => $"api/v1/unmapped{(parsed.GetValue(source) is { } name ? $"?source={Uri.EscapeDataString(name)}" : "")}",
            UnmappedColumns);
    }

    private static Verb Propose(VerbFrame frame)
    {
        var topic = new Argument<string?>("topic") { Description = "One topic; all that nothing maps if left out.", Arity = ArgumentArity.ZeroOrOne };
        var source = DataVerbs.Text("--source", "The source, where several have topics that nothing maps.", "NAME");
        var verb = VerbFrame.With(
            new Verb(
                "propose",
                "Prints a mapping for topics that nothing maps: patterns, kinds, times and units out of names and values, each with how sure it is and why. Edit it, then add it.",
                "pilotage mapping propose > factory.yaml",
                "pilotage mapping propose factory/l1/press-2/status/temp_c --source factory"),
            topic, source);
        verb.SetAction(async (parsed, cancellation) =>
        {
            string[] asked = [.. new[] { ("topic", parsed.GetValue(topic)), ("source", parsed.GetValue(source)) }.Where(one => one.Item2 is not null).Select(one => $"{one.Item1}={Uri.EscapeDataString(one.Item2!)}")];
            using var api = frame.Connect(parsed);
            var proposal = await api.GetAsync($"api/v1/unmapped/proposal{(asked.Length > 0 ? "?" + string.Join('&', asked) : "")}", cancellation);
            foreach (var left in proposal?["left"] as JsonArray ?? [])
            {
                frame.Session.Error.WriteLine($"left out: {Printable.Of($"{left?["topic"]}: {left?["why"]}")}");
            }

            Note(frame, proposal);
            var writer = frame.Writer(parsed);
            if (writer.IsMachineReadable)
            {
                writer.Write(proposal, []);
            }
            else
            {
                frame.Session.Output.Write($"{proposal?["document"]}");
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static JsonNode Sample(string given)
    {
        var equals = given.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? new JsonObject { ["topic"] = given[..equals], ["payload"] = given[(equals + 1)..] }
            : throw new CliFailure(ExitCode.Usage, $"--sample '{given}' has no topic and payload", "the first = stands between them", "--sample 'factory/press-2/temp=21.5'");
    }

    private static IEnumerable<JsonNode?> Lines(VerbFrame frame, string given)
    {
        var number = 0;
        foreach (var line in Read(frame, given).Split('\n').Select(line => line.Trim()))
        {
            number++;
            if (line.Length > 0)
            {
                yield return Message(line, given, number);
            }
        }
    }

    private static JsonObject Message(string line, string given, int number)
    {
        try
        {
            if (JsonNode.Parse(line) is JsonObject message && message["topic"]?.GetValueKind() == JsonValueKind.String && message.ContainsKey("payload"))
            {
                // As it would lie in the message: text as it is, anything else as its JSON.
                var payload = message["payload"];
                return new JsonObject
                {
                    ["topic"] = message["topic"]!.DeepClone(),
                    ["payload"] = payload?.GetValueKind() == JsonValueKind.String ? payload.DeepClone() : payload?.ToJsonString() ?? "null",
                    ["retained"] = message["retained"]?.DeepClone(),
                };
            }
        }
        catch (JsonException)
        {
            // Said below, like any other line that is no message.
        }

        throw new CliFailure(ExitCode.Usage, $"{given}, line {number}: is no message", "a line is a JSON object with topic and payload", "{\"topic\":\"factory/press-2/temp\",\"payload\":21.5}");
    }
}
