using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>contract</c>: what devices of a thing type have to send, and what broke that.</summary>
internal static partial class ContractVerbs
{
    private const string Yaml = "application/yaml";

    private static readonly Column[] Columns =
    [
        new("THING", "thing"), new("PROPERTIES", "properties"), new("DEVICES", "devices"), new("WRITTEN", "written"), new("BY", "writtenBy"), new("DIGEST", "digest", true),
    ];

    private static readonly Column[] Decided = [new("POINTS", "points"), new("KEPT", "kept")];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("contract", "Contracts: what devices of a thing type have to send, what broke that, and what is kept apart."),
        Add(frame),
        List(frame),
        Show(frame),
        Check(frame),
        Remove(frame),
        Broken(frame),
        Held(frame),
        Release(frame),
        Discard(frame));

    private static Verb Add(VerbFrame frame)
    {
        var file = VerbFrame.Name("file", "A contract, YAML or JSON.");
        var replace = new Option<bool>("--replace") { Description = "Take the place of a contract that is there already; without it, that is refused." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be sent and send nothing." };
        var verb = VerbFrame.With(
            new Verb(
                "add",
                "Puts a contract in force for the thing type that it names.",
                "pilotage contract add pump.contract.yaml",
                "pilotage contract add pump.contract.yaml --replace"),
            file, replace, dryRun);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var given = VerbFrame.FileGiven(parsed.GetValue(file), file);
            var bytes = Read(frame, given);
            var path = $"api/v1/things/{Uri.EscapeDataString(ThingOf(bytes, given))}/contract";
            if (parsed.GetValue(dryRun))
            {
                frame.WriteRequest(HttpMethod.Put, path, null, !parsed.GetValue(replace));
                frame.Session.Output.WriteLine($"{Yaml}, {bytes.Length} bytes of {given}");
                return ExitCode.Done;
            }

            using var api = frame.Connect(parsed);
            var added = await VerbFrame.OfFileAsync(given, "contract", () => api.PutBytesAsync(path, bytes, cancellation, Yaml, onlyNew: !parsed.GetValue(replace)));
            frame.Writer(parsed).Write(added, Columns, "thing");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb List(VerbFrame frame) => frame.Lists(
        new Verb("list", "Lists the contracts.", "pilotage contract list", "pilotage contract list -o name"), _ => "api/v1/contracts", Columns);

    private static Verb Show(VerbFrame frame)
    {
        var thing = VerbFrame.Name("thing", "The thing type.");
        var verb = VerbFrame.With(
            new Verb("show", "Shows the contract of a thing type as it came.", "pilotage contract show pump", "pilotage contract show pump > pump.contract.yaml"), thing);
        verb.SetAction(async (parsed, cancellation) =>
        {
            frame.MustBeYaml(parsed, "a contract", "pilotage contract show THING without -o, or pilotage contract list -o json for what stands in each");
            using var api = frame.Connect(parsed);
            var bytes = await api.GetBytesAsync($"api/v1/things/{VerbFrame.Segment(parsed.GetValue(thing), thing)}/contract", cancellation);
            frame.Session.Output.WriteLine(Encoding.UTF8.GetString(bytes).TrimEnd());
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Check(VerbFrame frame)
    {
        var file = VerbFrame.Name("file", "A contract, YAML or JSON.");
        var verb = VerbFrame.With(
            new Verb(
                "check",
                "Reads a contract and says what is wrong with it by line and key; nothing is kept.",
                "pilotage contract check pump.contract.yaml",
                "pilotage contract check pump.contract.yaml -o json"),
            file);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var given = VerbFrame.FileGiven(parsed.GetValue(file), file);
            using var content = new ByteArrayContent(Read(frame, given));
            content.Headers.ContentType = new(Yaml);
            var answer = await api.AnswerAsync(HttpMethod.Post, "api/v1/contracts/check", content, cancellation);
            if (answer.Failure is { } failure)
            {
                throw failure.In(given, "contract");
            }

            frame.Writer(parsed).Write(answer.Body, [new Column("THING", "thing"), new Column("PROPERTIES", "properties"), new Column("DEVICES", "devices")], "thing");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Remove(VerbFrame frame)
    {
        var thing = VerbFrame.Name("thing", "The thing type.");
        return frame.Removes(
            VerbFrame.With(
                new Verb(
                    "remove",
                    "Takes a contract away; what is kept apart stays.",
                    "pilotage contract remove pump --dry-run",
                    "pilotage contract remove pump --yes"),
                thing),
            HttpMethod.Delete,
            thing,
            segment => $"api/v1/things/{segment}/contract",
            new Column("THING", "thing"));
    }

    private static Verb Broken(VerbFrame frame)
    {
        var (device, thing) = (DataVerbs.Text("--device", "One device, by id, path or name.", "DEVICE"), DataVerbs.Text("--thing", "Devices of one thing type.", "TYPE"));
        return frame.Lists(
            VerbFrame.With(
                new Verb(
                    "violations",
                    "Lists what broke a contract since the server started, or does now, with the last example.",
                    "pilotage contract violations --thing pump",
                    "pilotage contract violations --device pump-7 -o json"),
                device, thing),
            "violations",
            parsed => DataVerbs.Address("api/v1/contracts/violations", ("device", parsed.GetValue(device)), ("thing", parsed.GetValue(thing)), ("limit", "10000")),
            new Column("DEVICE", "device"), new Column("PROPERTY", "property"), new Column("RULE", "rule"), new Column("COUNT", "count"), new Column("LAST", "last"),
            new Column("VIOLATION", "violation"), new Column("SAYS", "says"), new Column("PATH", "path", true));
    }

    private static Verb Held(VerbFrame frame)
    {
        var (device, property) = Points();
        return frame.Lists(
            VerbFrame.With(
                new Verb(
                    "held",
                    "Lists points that broke a contract and are kept apart.",
                    "pilotage contract held --device pump-7",
                    "pilotage contract held --property vibration -o csv"),
                device, property),
            "points that are kept apart",
            parsed => DataVerbs.Address("api/v1/quarantine", ("device", parsed.GetValue(device)), ("property", parsed.GetValue(property)), ("limit", "10000")),
            new Column("ID", "id"), new Column("DEVICE", "device"), new Column("PROPERTY", "property"), new Column("TS", "ts"), new Column("VALUE", "value", Exact: true),
            new Column("RULE", "rule"), new Column("REASON", "reason"), new Column("RECEIVED", "received", true));
    }

    private static Verb Release(VerbFrame frame) => Decides(
        frame,
        new Verb(
            "release",
            "Stores points that were kept apart in their series.",
            "pilotage contract release --device pump-7 --property vibration",
            "pilotage contract release 17 18",
            "pilotage contract release --all --dry-run"),
        HttpMethod.Post,
        "api/v1/quarantine/release");

    private static Verb Discard(VerbFrame frame) => Decides(
        frame,
        new Verb(
            "discard",
            "Discards points that were kept apart, for good; without --yes it does nothing, and says so.",
            "pilotage contract discard --device pump-7 --yes",
            "pilotage contract discard 17 18 --yes",
            "pilotage contract discard --all --dry-run"),
        HttpMethod.Delete,
        "api/v1/quarantine");

    private static Verb Decides(VerbFrame frame, Verb verb, HttpMethod method, string path)
    {
        var (device, property) = Points();
        var ids = new Argument<long[]>("id") { Description = "Points by their numbers, as held lists them.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "Every point that is kept apart; needed where nothing else says which." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be sent and send nothing." };
        var yes = new Option<bool>("--yes") { Description = "Say that it is meant; without it, nothing is done." };
        var isFinal = method == HttpMethod.Delete;
        VerbFrame.With(verb, isFinal ? [ids, device, property, all, dryRun, yes] : [ids, device, property, all, dryRun]);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var chosen = parsed.GetValue(ids) is { Length: > 0 } some ? string.Join(',', some) : null;
            if (chosen is null && parsed.GetValue(device) is null && parsed.GetValue(property) is null && !parsed.GetValue(all))
            {
                throw new CliFailure(ExitCode.Usage, "nothing says which points are meant", "all of them have to be asked for in so many words", "their ids, --device or --property, or --all");
            }

            var address = DataVerbs.Address(path, ("id", chosen), ("device", parsed.GetValue(device)), ("property", parsed.GetValue(property)), ("all", parsed.GetValue(all) ? "true" : null));
            if (parsed.GetValue(dryRun))
            {
                frame.WriteRequest(method, address, null);
                return ExitCode.Done;
            }

            if (isFinal && !parsed.GetValue(yes))
            {
                throw new CliFailure(ExitCode.Usage, "nothing was discarded", "what is discarded cannot be brought back", "--yes to say that it is meant, or pilotage contract held to see what it is");
            }

            using var api = frame.Connect(parsed);
            var answer = await api.ChangeAsync(method, address, null, cancellation);
            frame.Writer(parsed).Write(answer, Decided, "points");
            return frame.Decided(answer, "points", "no point that is kept apart was meant: pilotage contract held shows which there are");
        });
        return verb;
    }

    private static (Option<string?> Device, Option<string?> Property) Points() =>
        (DataVerbs.Text("--device", "Points of one device, by id, path or name.", "DEVICE"), DataVerbs.Text("--property", "Points of one property.", "NAME"));

    /// <summary>The thing type that the file names; the server reads it whole.</summary>
    private static string ThingOf(byte[] bytes, string file) => Thing().Match(Encoding.UTF8.GetString(bytes)) is { Success: true } named
        ? named.Groups["thing"].Value
        : throw new CliFailure(ExitCode.Usage, $"{file} names no thing type", "a contract has a line of it", "thing: pump");

    /// <summary>The bytes of a file that was given, without the byte order mark that some programs put before UTF-8.</summary>
    internal static byte[] Read(VerbFrame frame, string given, string tryThis = "pilotage contract add FILE")
    {
        var path = Path.GetFullPath(given, frame.Session.WorkingDirectory);
        try
        {
            var bytes = File.ReadAllBytes(path);
            return bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Usage, $"{given} cannot be read", FileFault.Why(failure, path), $"a file that is there: {tryThis}");
        }
    }

    [GeneratedRegex("""(?m)^[\s{,]*"?thing"?\s*:\s*"?(?<thing>[A-Za-z0-9_-]+)""")]
    private static partial Regex Thing();
}
