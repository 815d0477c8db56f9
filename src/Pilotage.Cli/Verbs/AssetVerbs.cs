using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>asset</c>: what the plant is made of, and how its parts and devices belong together.</summary>
internal static class AssetVerbs
{
    private static readonly Column[] Columns = [new("ASSET", "name"), new("LEVEL", "level"), new("PART OF", "partOf"), new("PARTS", "parts"), new("TITLE", "title")];

    private static readonly Column[] RelationColumns =
    [
        new("FROM", "from"), new("PROPERTY", "property"), new("RELATION", "relation"), new("TO", "to"), new("NOTE", "note"), new("FROM PATH", "fromPath", true), new("TO PATH", "toPath", true),
    ];

    private static readonly Column[] Counts =
    [
        new("ASSETS ADDED", "assetsAdded"), new("CHANGED", "assetsChanged"), new("RELATIONS ADDED", "relationsAdded"), new("REPLACED", "relationsReplaced"), new("ASSETS NOW", "assets"), new("RELATIONS NOW", "relations"),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("asset", "Assets: lines, cells, machines and their parts (ISA-95), and how they and the devices belong together."),
        List(frame), Show(frame), Add(frame), Remove(frame), Import(frame), Relations(frame), Relate(frame), Unrelate(frame));

    private static Verb List(VerbFrame frame)
    {
        var level = DataVerbs.Text("--level", "Of this level: enterprise, site, area, line, cell, unit, component.", "LEVEL");
        return frame.Lists(
            VerbFrame.With(new Verb("list", "Lists the assets.", "pilotage asset list", "pilotage asset list --level line -o name"), level),
            parsed => DataVerbs.Address("api/v1/assets", ("level", parsed.GetValue(level)), ("limit", "10000")),
            Columns);
    }

    private static Verb Show(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "The asset.");
        var verb = VerbFrame.With(new Verb("show", "Shows the relations of an asset, and on standard error what it is part of.", "pilotage asset show line-2", "pilotage asset show line-2 -o json"), name);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var asset = await api.GetAsync($"api/v1/assets/{VerbFrame.Segment(parsed.GetValue(name), name)}", cancellation);
            var above = (asset?["above"] as JsonArray ?? []).Select(one => $"{one}").ToList();
            frame.Session.Error.WriteLine(Printable.Of($"{asset?["name"]}: {asset?["level"]}{(above.Count > 0 ? $", part of {string.Join(", ", above)}" : "")}"));
            var writer = frame.Writer(parsed);
            writer.Write(writer.IsMachineReadable ? asset : asset?["relations"], RelationColumns, "from");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Add(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "What it is called.");
        var level = DataVerbs.Text("--level", "enterprise, site, area, line, cell, unit or component; needed for a new one.", "LEVEL");
        var title = DataVerbs.Text("--title", "What people call it.", "TEXT");
        var part = DataVerbs.Text("--part-of", "The asset or device that it is part of.", "NAME");
        return frame.Puts(
            VerbFrame.With(
                new Verb(
                    "add",
                    "Adds an asset, or changes one: what is left out stays as it is.",
                    "pilotage asset add line-2 --level line --part-of hall-1",
                    "pilotage asset add bearing-de --level component --part-of pump-7 --dry-run"),
                name, level, title, part),
            parsed =>
            {
                var body = new JsonObject();
                foreach (var (key, value) in new[] { ("level", parsed.GetValue(level)), ("title", parsed.GetValue(title)), ("partOf", parsed.GetValue(part)) })
                {
                    if (value is not null)
                    {
                        body[key] = value;
                    }
                }

                return ($"api/v1/assets/{VerbFrame.Segment(parsed.GetValue(name), name)}", body);
            },
            new Column("ASSET", "name"), new Column("LEVEL", "level"), new Column("PART OF", "above.0"), new Column("TITLE", "title"));
    }

    private static Verb Remove(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "The asset.");
        return frame.Removes(
            VerbFrame.With(new Verb("remove", "Takes an asset away that nothing is part of.", "pilotage asset remove line-2 --yes", "pilotage asset remove line-2 --dry-run"), name),
            HttpMethod.Delete,
            name,
            segment => $"api/v1/assets/{segment}",
            new Column("REMOVED", "id"));
    }

    private static Verb Import(VerbFrame frame)
    {
        var file = VerbFrame.Name("file", "Assets and relations, YAML or JSON; docs/reference/meaning.md shows one.");
        var verb = VerbFrame.With(
            new Verb(
                "import",
                "Adds or changes the assets and relations of a file, all of them or none; what is wrong is told by line.",
                "pilotage asset import plant.yaml",
                "pilotage asset import plant.yaml -o json"),
            file);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var given = VerbFrame.FileGiven(parsed.GetValue(file), file);
            using var content = new ByteArrayContent(ContractVerbs.Read(frame, given, "pilotage asset import FILE"));
            content.Headers.ContentType = new("application/yaml");
            using var api = frame.Connect(parsed);
            var answer = await api.AnswerAsync(HttpMethod.Post, "api/v1/assets/import", content, cancellation);
            if (answer.Failure is { } failure)
            {
                throw failure.In(given, "assets");
            }

            frame.Writer(parsed).Write(answer.Body, Counts, "assets");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Relations(VerbFrame frame)
    {
        var node = new Argument<string?>("name") { Description = "Of this asset or device alone.", Arity = ArgumentArity.ZeroOrOne };
        var relation = DataVerbs.Text("--relation", "part-of, feeds or measures.", "WORD");
        return frame.Lists(
            VerbFrame.With(new Verb("relations", "Lists relations between assets and devices.", "pilotage asset relations", "pilotage asset relations pump-7 --relation measures"), node, relation),
            "relations",
            parsed => DataVerbs.Address("api/v1/relations", ("node", parsed.GetValue(node)), ("relation", parsed.GetValue(relation)), ("limit", "10000")),
            RelationColumns);
    }

    private static Verb Relate(VerbFrame frame)
    {
        var (from, relation, to, property) = Ends();
        return frame.Changes(
            VerbFrame.With(
                new Verb(
                    "relate",
                    "Says how an asset or a device belongs to another: part-of (of one only), feeds, or measures (a device, or one of its series).",
                    "pilotage asset relate pump-7 part-of line-2",
                    "pilotage asset relate pump-7 measures bearing-de --property vibration"),
                from, relation, to, property),
            parsed =>
            {
                var body = new JsonObject { ["from"] = VerbFrame.Given(parsed.GetValue(from), from), ["relation"] = parsed.GetValue(relation), ["to"] = VerbFrame.Given(parsed.GetValue(to), to) };
                if (parsed.GetValue(property) is { } one)
                {
                    body["property"] = one;
                }

                return ("api/v1/relations", body);
            },
            Counts);
    }

    private static Verb Unrelate(VerbFrame frame)
    {
        var (from, relation, to, property) = Ends();
        return frame.Removes(
            VerbFrame.With(
                new Verb("unrelate", "Takes a relation away.", "pilotage asset unrelate pump-7 part-of line-2 --yes", "pilotage asset unrelate pump-7 feeds tank-1 --dry-run"), from, relation, to, property),
            HttpMethod.Delete,
            from,
            (parsed, segment) => DataVerbs.Address(
                "api/v1/relations", ("from", Uri.UnescapeDataString(segment)), ("relation", parsed.GetValue(relation)), ("to", VerbFrame.Given(parsed.GetValue(to), to)), ("property", parsed.GetValue(property))),
            RelationColumns);
    }

    private static (Argument<string> From, Argument<string> Relation, Argument<string> To, Option<string?> Property) Ends() =>
    (
        VerbFrame.Name("from", "An asset or a device."), VerbFrame.Name("relation", "part-of, feeds or measures."), VerbFrame.Name("to", "An asset or a device."),
        DataVerbs.Text("--property", "The series that measures; all of the device without it.", "NAME"));
}
