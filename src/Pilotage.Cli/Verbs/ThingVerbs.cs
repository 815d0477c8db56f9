using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>thing</c>: what the thing types of devices measure, and in which units.</summary>
internal static class ThingVerbs
{
    private const string ModelWord = "tm:ThingModel";
    private static readonly string[] Endings = [".td.json", ".tm.json", ".jsonld", ".json"];

    private static readonly Column[] Columns =
    [
        new("THING", "thing"), new("TITLE", "title"), new("DEVICES", "devices"), new("WRITTEN", "written"), new("BY", "writtenBy"), new("DIGEST", "digest", true), new("MEDIA", "media", true),
    ];

    private static readonly Column[] PropertyColumns =
    [
        new("PROPERTY", "property"), new("TYPE", "type"), new("UNIT", "unit"), new("QUANTITY", "quantity"), new("MIN", "minimum", true), new("MAX", "maximum", true), new("TYPES", "types", true),
        new("TITLE", "title"),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("thing", "Thing types: what their devices measure, and in which units."),
        Import(frame),
        List(frame),
        Show(frame));

    private static Verb Import(VerbFrame frame)
    {
        var file = VerbFrame.Name("file", "A W3C thing description or thing model, JSON.");
        var name = new Option<string?>("--name") { Description = "The thing type, as devices have it. Default: the file's name before its first dot.", HelpName = "TYPE" };
        var replace = new Option<bool>("--replace") { Description = "Take the place of a description that is there already; without it, that is refused." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be sent and send nothing." };
        var verb = VerbFrame.With(
            new Verb(
                "import",
                "Describes a thing type by a W3C thing description or thing model: units, bounds and meaning of its properties. Its links between things become relations, as asset relate makes them.",
                "pilotage thing import samples/pump-bearings/things/pump.td.json",
                "pilotage thing import ./vendor-pump.tm.json --name pump --replace"),
            file, name, replace, dryRun);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var given = VerbFrame.FileGiven(parsed.GetValue(file), file);
            var thing = ThingOf(parsed.GetValue(name), given);
            var bytes = ContractVerbs.Read(frame, given, "pilotage thing import FILE");
            var path = $"api/v1/things/{Uri.EscapeDataString(thing)}/description";
            var media = MediaOf(bytes);
            if (parsed.GetValue(dryRun))
            {
                frame.WriteRequest(HttpMethod.Put, path, null, !parsed.GetValue(replace));
                frame.Session.Output.WriteLine($"{media}, {bytes.Length} bytes of {given}");
                return ExitCode.Done;
            }

            using var api = frame.Connect(parsed);
            var answer = await api.PutBytesAsync(path, bytes, cancellation, media, onlyNew: !parsed.GetValue(replace));
            frame.Writer(parsed).Write(answer, Columns, "thing");
            TellLinks(frame, answer);
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb List(VerbFrame frame)
    {
        var verb = new Verb("list", "Lists the thing types that are described.", "pilotage thing list", "pilotage thing list -o name");
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            frame.Writer(parsed).Write(await api.ListAsync("api/v1/things", cancellation), Columns, "thing");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Show(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "The thing type.");
        var verb = VerbFrame.With(
            new Verb("show", "Shows the properties of a thing type with their units and what these measure.", "pilotage thing show pump", "pilotage thing show pump -o json"), name);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var thing = await api.GetAsync($"api/v1/things/{VerbFrame.Segment(parsed.GetValue(name), name)}", cancellation);
            var writer = frame.Writer(parsed);
            writer.Write(writer.IsMachineReadable ? thing : thing?["properties"], PropertyColumns, "property");
            TellLinks(frame, thing);
            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>What became of the links of a description: a link that is no relation must not look like one.</summary>
    private static void TellLinks(VerbFrame frame, JsonNode? answer)
    {
        foreach (var link in answer?["links"] as JsonArray ?? [])
        {
            frame.Session.Error.WriteLine(Printable.Of(link?["relation"] is { } relation
                ? $"relation: {relation} ({link["at"]}, {link["rel"]}){(link["note"] is { } note ? $"; {note}" : "")}"
                : $"note: {link?["at"]} stays in the description and is no relation: {link?["note"]}"));
        }

        foreach (var removed in answer?["relationsRemoved"] as JsonArray ?? [])
        {
            frame.Session.Error.WriteLine(Printable.Of($"removed: {removed}; the description has its link no more"));
        }
    }

    private static string ThingOf(string? named, string file) => named is null ? NameOf(file)
        : string.IsNullOrWhiteSpace(named) ? throw new CliFailure(ExitCode.Usage, "--name is empty", "it is the thing type that the file describes", "--name TYPE, or leave it out for the name of the file")
        : named;

    private static string NameOf(string file)
    {
        var name = Path.GetFileName(file);
        var ending = Array.Find(Endings, ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) ?? "";
        return name[..^ending.Length] is { Length: > 0 } thing ? thing : throw new CliFailure(ExitCode.Usage, $"{file} does not name a thing type", "its name is its ending", "--name TYPE");
    }

    /// <summary>What the file says it is; the server looks closer, and says what is wrong with a file that is neither.</summary>
    private static string MediaOf(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var isModel = document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("@type", out var type) && type.GetRawText().Contains($"\"{ModelWord}\"", StringComparison.Ordinal);
            return isModel ? "application/tm+json" : "application/td+json";
        }
        catch (JsonException)
        {
            return "application/json";
        }
    }
}
