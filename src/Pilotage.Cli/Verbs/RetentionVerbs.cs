using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>retention</c>: how long points are kept, and what outlives them.</summary>
internal static class RetentionVerbs
{
    private static readonly Column[] Columns =
    [
        new("RULE", "name"), new("KEEP", "keep"), new("ROLL-UP", "rollUp"), new("ROLL-UP KEEP", "rollUpKeep"), new("PATH", "path"), new("THING", "thing"), new("PROPERTY", "property"),
        new("LAST CUT", "lastCut.at"), new("LAST POINTS", "lastCut.points"), new("LAST WINDOWS", "lastCut.windows"), new("BY", "writtenBy", true), new("WRITTEN", "written", true),
        new("LAST SERIES", "lastCut.series", true), new("LAST WINDOWS GONE", "lastCut.windowsGone", true),
    ];

    private static readonly Column[] ExpiredColumns =
    [
        new("DEVICE", "device"), new("PROPERTY", "property"), new("RULE", "rule"), new("OLDEST", "oldest"), new("UNTIL", "until"), new("ABOUT POINTS", "points"), new("LEAVES", "rollUp"),
    ];

    private static readonly Column[] SweepColumns = [new("RULE", "rule"), new("SERIES", "series"), new("POINTS GONE", "points"), new("WINDOWS LEFT", "windows"), new("WINDOWS GONE", "windowsGone")];

    public static Verb Create(VerbFrame frame)
    {
        var name = VerbFrame.Name("rule", "The rule.");
        return VerbFrame.With(
            new Verb("retention", "Retention: how long points are kept, and the windows that outlive them."),
            Set(frame),
            List(frame),
            frame.Removes(
                VerbFrame.With(
                    new Verb("remove", "Takes a rule away: what it governed is kept by another one, or for good.", "pilotage retention remove raw --yes", "pilotage retention remove raw --dry-run"), name),
                HttpMethod.Delete,
                name,
                segment => $"api/v1/retention/{segment}",
                Columns),
            Sweep(frame));
    }

    private static Verb Set(VerbFrame frame)
    {
        var name = VerbFrame.Name("rule", "A name for the rule.");
        var keep = new Option<string>("--keep") { Description = "So long back from now every point stays: an ISO 8601 duration of days and shorter parts, PT1H to P36500D.", Required = true, HelpName = "DURATION" };
        var rollUp = DataVerbs.Text("--rollup", "Windows that are left of the points, with count, least, greatest and sum: PT1M, PT1H or P1D.", "WINDOW");
        var rollUpKeep = DataVerbs.Text("--rollup-keep", "How long the windows stay; for good without it.", "DURATION");
        var path = DataVerbs.Text("--path", "Devices by their path; * stays within a level, ** does not.", "PATTERN");
        var thing = DataVerbs.Text("--thing", "Devices of one thing type.", "TYPE");
        var property = DataVerbs.Text("--property", "One property; all of them without it.", "NAME");
        var yes = new Option<bool>("--yes") { Description = "Set it; without it, only what would be deleted is shown." };
        var replace = new Option<bool>("--replace") { Description = "Take the place of a rule of this name; without it, that is refused." };
        var verb = VerbFrame.With(
            new Verb(
                "set",
                "Says how long points are kept. Of several rules for a series the one that keeps it longest holds; without one, it is kept for good. Without --yes nothing is set, and what would go is shown.",
                "pilotage retention set raw --keep P90D --rollup PT1H",
                "pilotage retention set vibration --property vibration --keep P14D --rollup PT1M --rollup-keep P365D --yes"),
            name, keep, rollUp, rollUpKeep, path, thing, property, yes, replace);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var address = $"api/v1/retention/{VerbFrame.Segment(parsed.GetValue(name), name)}";
            var body = new JsonObject { ["keep"] = parsed.GetValue(keep) };
            foreach (var (field, option) in new[] { ("rollUp", rollUp), ("rollUpKeep", rollUpKeep), ("path", path), ("thing", thing), ("property", property) })
            {
                if (parsed.GetValue(option) is { } given)
                {
                    body[field] = given;
                }
            }

            using var api = frame.Connect(parsed);
            if (parsed.GetValue(yes))
            {
                var set = await api.ChangeAsync(HttpMethod.Put, address, body, cancellation, onlyNew: !parsed.GetValue(replace));
                frame.Writer(parsed).Write(set, Columns);
                Note(frame, set);
                return ExitCode.Done;
            }

            var preview = await api.ChangeAsync(HttpMethod.Post, address + "/preview", body, cancellation);
            frame.Writer(parsed).Write(preview, ExpiredColumns, "device/property");
            Note(frame, preview);
            var windows = (long?)preview?["windowsGone"] is > 0 and var old ? $" and {old} windows" : "";
            frame.Session.Error.WriteLine(
                $"note: the next sweep would delete about {preview?["points"]} points of {preview?["series"]} series of {preview?["devices"]} devices{windows}; nothing was set. The same with --yes sets the rule.");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb List(VerbFrame frame)
    {
        var verb = new Verb("list", "Lists the rules, and how they were followed last.", "pilotage retention list", "pilotage retention list -o json");
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var list = await api.GetAsync("api/v1/retention", cancellation);
            frame.Writer(parsed).Write(list, Columns);
            frame.Session.Error.WriteLine(Printable.Of($"last sweep: {list?["lastSweep"]?.ToString() ?? "none yet; there is one every hour, and at once by: pilotage retention sweep"}"));
            Tell(frame, list);
            foreach (var rule in ResultWriter.Rows(list))
            {
                Note(frame, rule);
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Sweep(VerbFrame frame)
    {
        var now = new Option<bool>("--now") { Description = "Do not wait where the clock of the server went on by more than two days since the last sweep." };
        var verb = VerbFrame.With(
            new Verb("sweep", "Follows the rules now instead of within the hour.", "pilotage retention sweep", "pilotage retention sweep --now"), now);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var swept = await api.ChangeAsync(HttpMethod.Post, "api/v1/retention/sweep", new JsonObject { ["force"] = parsed.GetValue(now) }, cancellation);
            frame.Writer(parsed).Write(swept, SweepColumns, "rule");
            Tell(frame, swept);
            if (swept?["waits"] is null && swept?["failed"] is null)
            {
                frame.Session.Error.WriteLine(
                    $"swept: {swept?["points"]} points of {swept?["seriesCut"]} series are gone, {swept?["windows"]} windows are left of them; {swept?["windowsGone"]} windows were too old themselves and are gone");
            }

            return swept?["waits"] is null && swept?["failed"] is null ? ExitCode.Done : ExitCode.Refused;
        });
        return verb;
    }

    /// <summary>What should be known of a rule.</summary>
    private static void Note(VerbFrame frame, JsonNode? rule)
    {
        if (rule?["note"] is { } note)
        {
            frame.Session.Error.WriteLine(Printable.Of($"note: {(rule["name"] is { } name ? $"{name}: " : "")}{note}"));
        }
    }

    private static void Tell(VerbFrame frame, JsonNode? list)
    {
        foreach (var (field, says) in new[] { ("waits", "the next sweep waits: "), ("failed", "the last sweep ended too early: ") })
        {
            if (list?[field] is { } why)
            {
                frame.Session.Error.WriteLine($"note: {says}{Printable.Of($"{why}")}");
            }
        }
    }
}
