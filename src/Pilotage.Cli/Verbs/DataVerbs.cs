using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>data</c>: what was measured, and questions to it.</summary>
internal static class DataVerbs
{
    private const int WindowMostSeconds = 366 * 24 * 60 * 60;
    private static readonly string[] Groups = ["device", "all", "level", "asset", "thing", "property", "unit"];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("data", "What was measured: questions to the store, ways in and out of it, and deleting from it."),
        List(frame), Query(frame), SqlVerb.Create(frame), JoinVerb.Create(frame), CorrelateVerb.Create(frame), TimelineVerb.Create(frame),
        Quality(frame), TailVerb.Create(frame), ImportVerb.Create(frame), ExportVerb.Create(frame), Delete(frame));

    private static Verb List(VerbFrame frame)
    {
        var device = Text("--device", "One device, by id, path or name.", "DEVICE");
        var path = Text("--path", "Devices by their path; * stays within a level, ** does not.", "PATTERN");
        var thing = Text("--thing", "Devices of one thing type.", "TYPE");
        var property = Text("--property", "Series of one property only.", "NAME");
        var quantity = Text("--quantity", "Series of everything that measures this: pressure, temperature, or any unit of it, such as bar.", "QUANTITY");
        var unit = Text("--unit", "Series in this unit (UCUM) only.", "UNIT");
        var type = Text("--type", "Series of a semantic type, whole or without its prefix.", "TYPE");
        var within = Text("--in", "Series of what belongs to an asset, a device, or a place of the path: line-2; asset:line-2 or device:pump-7 where one name is both.", "NAME");
        var text = Text("--text", "Words, each in the name, title or description of the property, in its thing type, or in the path of the device.", "WORDS");
        return frame.Lists(
            VerbFrame.With(
                new Verb(
                    "list",
                    "Lists the series with their last values.",
                    "pilotage data list --device pump-7",
                    "pilotage data list --path 'acme/lyon/**'",
                    "pilotage data list --thing pump --property vibration -o csv",
                    "pilotage data list --in line-2 --quantity vibration",
                    "pilotage data list --quantity temperature --text 'bearing line-2'"),
                device, within, path, thing, property, quantity, unit, type, text),
            "series",
            parsed => Address(
                "api/v1/series", ("device", parsed.GetValue(device)), ("in", parsed.GetValue(within)),
                ("path", parsed.GetValue(path)), ("thing", parsed.GetValue(thing)), ("property", parsed.GetValue(property)), ("quantity", parsed.GetValue(quantity)),
                ("unit", parsed.GetValue(unit)), ("type", parsed.GetValue(type)), ("text", parsed.GetValue(text)), ("limit", "50000")),
            new Column("DEVICE", "device"), new Column("PROPERTY", "property"), new Column("LAST", "lastTime"), new Column("VALUE", "lastValue", Exact: true), new Column("UNIT", "unit"),
            new Column("QUALITY", "quality"), new Column("SCORE", "score"), new Column("PATH", "path", true));
    }

    private static Verb Quality(VerbFrame frame)
    {
        var device = Text("--device", "One device, by id, path or name.", "DEVICE");
        var path = Text("--path", "Devices by their path; * stays within a level, ** does not.", "PATTERN");
        var thing = Text("--thing", "Devices of one thing type.", "TYPE");
        var property = Text("--property", "Series of one property only.", "NAME");
        var finding = Text("--finding", "Series with this finding only: stuck, flatline, spike, out-of-range, gap, rate-change, unit-jump, clock-skew, contradiction.", "NAME");
        var worst = new Option<int?>("--worst") { Description = "So many series only, the lowest score first.", HelpName = "N" };
        return frame.Lists(
            VerbFrame.With(
                new Verb(
                    "quality",
                    "How well series come in: a score of 0 to 100 and what is wrong since when.",
                    "pilotage data quality --worst 20",
                    "pilotage data quality --device pump-7 -o json",
                    "pilotage data quality --path 'acme/lyon/**' --finding stuck"),
                device, path, thing, property, finding, worst),
            "series of which anything is learned yet",
            parsed => Address(
                "api/v1/series/quality", ("device", parsed.GetValue(device)), ("path", parsed.GetValue(path)), ("thing", parsed.GetValue(thing)), ("property", parsed.GetValue(property)),
                ("finding", parsed.GetValue(finding)), ("worst", parsed.GetValue(worst)?.ToString(CultureInfo.InvariantCulture)), ("limit", parsed.GetValue(worst) is null ? "50000" : null)),
            new Column("DEVICE", "device"), new Column("PROPERTY", "property"), new Column("SCORE", "score"), new Column("REASON", "reason"), new Column("POINTS", "points", true),
            new Column("INTERVAL", "intervalSeconds", true), new Column("LEARNING", "learning", true), new Column("PATH", "path", true));
    }

    private static Verb Query(VerbFrame frame)
    {
        var property = VerbFrame.Name("property", "The property, of every device asked for; several with commas.");
        var path = Text("--path", "Devices by their path; * stays within a level, ** does not.", "PATTERN");
        var thing = Text("--thing", "Devices of one thing type.", "TYPE");
        var within = Text("--in", "Series of what belongs to an asset, a device, or a place of the path: line-2.", "NAME");
        var from = Moment.Option("--from", "The first time that counts:");
        var to = Moment.Option("--to", "The first time that counts no more:");
        var window = Text("--window", "Length of a window: 30s, 5m, 1h, 1d; without it, the whole time is one.", "TIME");
        var function = Text("--fn", "avg, min, max, sum, count, first, last; several with commas.", "NAMES");
        var group = Text(
            "--group-by", "device, all, level:N for the first N levels of the path below the tenant, asset for the nearest asset, asset:line for assets of a level, thing, property or unit; several with commas.", "GROUP");
        var fill = Text("--fill", "What stands in a window without a point: none, null, previous, linear.", "FILL");
        var top = new Option<int?>("--top") { Description = "So many groups only, by what --by comes to over the whole time.", HelpName = "N" };
        var by = Text("--by", "What --top ranks by: one of --fn, the first if left out. With what --group-by takes, it is the same as that.", "NAME");
        var order = Text("--order", "desc or asc.", "ORDER");
        var unit = Text("--unit", "Tell values in this unit (UCUM), out of the one that the thing description gives: bar, Cel, [degF], mm/s.", "UNIT");
        var verb = VerbFrame.With(
            new Verb(
                "query",
                "Sums a property up by windows and groups; points that are bad or not finite do not count.",
                "pilotage data query vibration --path 'acme/lyon/**' --window 5m --fn avg,max",
                "pilotage data query vibration,bearing_temp --in hall-1 --group-by asset:line,property --window 1h",
                "pilotage data query bearing_temp --thing pump --top 10 --by max --from 2026-01-01T00:00:00Z",
                "pilotage data query bearing_temp --thing pump --window 1h --unit '[degF]'"),
            property, path, thing, within, from, to, window, function, group, fill, top, by, order, unit);
        verb.SetAction(async (parsed, cancellation) =>
        {
            string? Of(Option<string?> option) => parsed.GetValue(option);
            var isGroup = Of(group) is null && IsGroup(Of(by));
            RefuseGroups(Of(by), Of(group));
            using var api = frame.Connect(parsed);
            var answer = await api.GetAsync(
                Address(
                    "api/v1/series/aggregates",
                    ("property", VerbFrame.Given(parsed.GetValue(property), property)), ("path", Of(path)), ("thing", Of(thing)), ("in", Of(within)),
                    ("from", Moment.Of(frame.Session, from, parsed)), ("to", Moment.Of(frame.Session, to, parsed)),
                    ("window", Of(window) is { } length ? $"PT{Duration.Seconds("--window", length, WindowMostSeconds)}S" : null), ("fn", Of(function)), ("groupBy", isGroup ? Of(by) : Of(group)),
                    ("fill", Of(fill)), ("top", parsed.GetValue(top)?.ToString(CultureInfo.InvariantCulture)), ("by", isGroup ? null : Of(by)), ("order", Of(order)), ("unit", Of(unit))),
                cancellation);
            var columns = (answer?["columns"]?.AsArray() ?? []).Skip(1).Select(column => column!.GetValue<string>()).ToList();
            frame.Writer(parsed).Write(
                Rows(answer, columns),
                [new Column("GROUP", "group"), new Column("FROM", "from"), .. columns.Select(column => new Column(column.ToUpperInvariant(), column)), new Column("UNIT", "unit"), new Column("RANK", "rank", true)],
                "group");
            Note(frame, (string?)answer?["note"]);
            if (answer?["items"] is JsonArray { Count: 0 })
            {
                var rows = Of(from) is null && Of(to) is null ? "series" : "points";
                frame.Session.Error.WriteLine(Printable.Of(VerbFrame.NoRows(rows, VerbFrame.Given(parsed.GetValue(property), property), [path, thing, within, from, to], parsed)));
            }

            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>What an answer does not tell, on standard error.</summary>
    public static void Note(VerbFrame frame, string? note)
    {
        if (note is not null)
        {
            frame.Session.Error.WriteLine($"note: {Printable.Of(note)}");
        }
    }

    /// <summary>The same in an answer that is told anew.</summary>
    public static void TakeNote(JsonNode? answer, JsonObject named)
    {
        if (answer?["note"] is { } note)
        {
            named["note"] = note.DeepClone();
        }
    }

    private static bool IsGroup(string? by) => by is not null && Groups.Contains(by.Split(',', ':')[0].Trim());

    private static void RefuseGroups(string? by, string? group)
    {
        if (group is not null && IsGroup(by))
        {
            throw new CliFailure(
                ExitCode.Usage, $"--by: '{by}' makes groups, and --group-by says already what makes them", "--by takes the words of --group-by only without it; beside it, --by is what --top ranks by: avg, max and so on",
                $"--group-by {group},{by}");
        }
    }

    private static Verb Delete(VerbFrame frame)
    {
        var device = VerbFrame.Name("device", "The device, by id, path or name.");
        var property = Text("--property", "Its properties, several with commas; all of them without it.", "NAMES");
        var from = Moment.Option("--from", "The first time that goes:");
        var to = Moment.Option("--to", "The first time that stays:");
        var all = new Option<bool>("--all") { Description = "Everything that the device sent; needed where nothing else says what goes." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say how many points of which series would go, and delete nothing." };
        var yes = new Option<bool>("--yes") { Description = "Say that it is meant; without it, nothing is done." };
        var verb = VerbFrame.With(
            new Verb(
                "delete",
                "Deletes points of a device that are stored by now, for good, and says how many of which series. What arrives later at their times is new. Datasets that were cut stay as they are.",
                "pilotage data delete pump-7 --property vibration --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z --dry-run",
                "pilotage data delete pump-7 --all --yes"),
            device, property, from, to, all, yes, dryRun);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var segment = VerbFrame.Segment(parsed.GetValue(device), device);
            if (parsed.GetValue(property) is null && parsed.GetValue(from) is null && parsed.GetValue(to) is null && !parsed.GetValue(all))
            {
                throw new CliFailure(ExitCode.Usage, "nothing says what is to be deleted", "everything that a device sent has to be asked for in so many words", "--property, --from or --to, or --all");
            }

            var isTrial = parsed.GetValue(dryRun);
            if (!isTrial && !parsed.GetValue(yes))
            {
                throw new CliFailure(ExitCode.Usage, "nothing was done: delete must be said to be meant", "what is deleted cannot be brought back", "the same with --dry-run to see how much it is, or with --yes");
            }

            using var api = frame.Connect(parsed);
            var gone = await api.ChangeAsync(
                HttpMethod.Delete,
                Address(
                    $"api/v1/devices/{segment}/series", ("property", parsed.GetValue(property)), ("from", Moment.Of(frame.Session, from, parsed)), ("to", Moment.Of(frame.Session, to, parsed)),
                    ("all", parsed.GetValue(all) ? "true" : null), ("dryRun", isTrial ? "true" : null)),
                null,
                cancellation);
            var writer = frame.Writer(parsed);
            writer.Write(writer.IsMachineReadable ? gone : gone?["series"], [new Column("PROPERTY", "property"), new Column("POINTS", "points")], "property");
            var windows = (long?)gone?["windows"] is > 0 and var outlived ? $" and {outlived} windows that outlived points" : "";
            frame.Session.Error.WriteLine(Printable.Of($"{gone?["points"]} points{windows} of {gone?["device"]} {(isTrial ? "would go; nothing was deleted: the same with --yes deletes them" : "are deleted")}"));
            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>One row for each window of each group, so that a table or CSV can be made of it.</summary>
    private static JsonObject Rows(JsonNode? answer, List<string> columns)
    {
        var rows = new JsonArray();
        foreach (var item in answer?["items"]?.AsArray() ?? [])
        {
            foreach (var point in item!["points"]!.AsArray())
            {
                var row = new JsonObject
                {
                    ["group"] = item["group"]!.GetValue<string>() is { Length: > 0 } name ? name : "all",
                    ["from"] = point![0] is { } ms ? DateTimeOffset.UnixEpoch.AddMilliseconds(ms.GetValue<double>()).ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture) : null,
                };
                for (var i = 0; i < columns.Count; i++)
                {
                    row[columns[i]] = point[i + 1]?.DeepClone();
                }

                row["unit"] = (item["unit"] ?? answer!["unit"])?.DeepClone();
                row["rank"] = item["rank"]?.DeepClone();
                rows.Add(row);
            }
        }

        return new JsonObject { ["items"] = rows };
    }

    internal static string Address(string path, params (string Name, string? Value)[] parameters)
    {
        var given = parameters.Where(each => each.Value is not null).Select(each => $"{each.Name}={Uri.EscapeDataString(each.Value!)}");
        var query = string.Join('&', given);
        return query.Length == 0 ? path : $"{path}?{query}";
    }

    internal static Option<string?> Text(string name, string description, string help) => new(name) { Description = description, HelpName = help };
}
