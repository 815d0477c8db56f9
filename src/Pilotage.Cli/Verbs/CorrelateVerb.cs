using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>data correlate</c>: how one series goes with another, or with all that a search finds.</summary>
internal static class CorrelateVerb
{
    private const int WindowMostSeconds = 366 * 24 * 60 * 60;

    public static Verb Create(VerbFrame frame)
    {
        var first = VerbFrame.Name("series", "DEVICE/PROPERTY that the others are held against; the device by id, path or name.");
        var second = new Argument<string?>("other") { Description = "The other one; without it, all that the options find.", Arity = ArgumentArity.ZeroOrOne };
        var window = DataVerbs.Text("--window", "Averages of windows of this length are compared: 10s, 1m, 1h; 1m without it.", "TIME");
        var lags = new Option<int?>("--lags") { Description = "So many windows earlier and later are tried.", HelpName = "N" };
        var path = DataVerbs.Text("--path", "Series of devices by their path; * stays within a level, ** does not.", "PATTERN");
        var thing = DataVerbs.Text("--thing", "Series of devices of one thing type.", "TYPE");
        var property = DataVerbs.Text("--property", "Series of one property.", "NAME");
        var quantity = DataVerbs.Text("--quantity", "Series of everything that measures this: pressure, temperature, or any unit of it.", "QUANTITY");
        var text = DataVerbs.Text("--text", "Words, as data list takes them.", "WORDS");
        var top = new Option<int?>("--top") { Description = "So many only, the strongest first; 20 without it.", HelpName = "N" };
        var from = Moment.Option("--from", "The first time that counts:");
        var to = Moment.Option("--to", "The first time that counts no more:");
        var verb = VerbFrame.With(
            new Verb(
                "correlate",
                "Says how one series goes with another, or with all that a search finds: Pearson's r of averages, at the lag where it is strongest. A positive lag: the other one follows the first.",
                "pilotage data correlate pump-7/load pump-7/bearing_temp --window 1m --lags 60",
                "pilotage data correlate pump-7/vibration --path 'acme/lyon/**' --window 10m --lags 12 --top 10"),
            first, second, window, lags, path, thing, property, quantity, text, top, from, to);
        verb.SetAction(async (parsed, cancellation) =>
        {
            string? Of(Option<string?> option) => parsed.GetValue(option);
            var other = parsed.GetValue(second);
            using var api = frame.Connect(parsed);
            var answer = await api.GetAsync(
                DataVerbs.Address(
                    "api/v1/series/correlation",
                    ("series", VerbFrame.Given(parsed.GetValue(first), first) + (other is null ? "" : $",{other}")),
                    ("window", Of(window) is { } length ? $"PT{Duration.Seconds("--window", length, WindowMostSeconds)}S" : null),
                    ("lags", parsed.GetValue(lags)?.ToString(CultureInfo.InvariantCulture)), ("path", Of(path)), ("thing", Of(thing)), ("property", Of(property)), ("quantity", Of(quantity)),
                    ("text", Of(text)), ("top", parsed.GetValue(top)?.ToString(CultureInfo.InvariantCulture)), ("from", Moment.Of(frame.Session, from, parsed)), ("to", Moment.Of(frame.Session, to, parsed))),
                cancellation);
            Write(frame, parsed, answer, isPair: other is not null);
            return ExitCode.Done;
        });
        return verb;
    }

    private static void Write(VerbFrame frame, ParseResult parsed, JsonNode? answer, bool isPair)
    {
        var writer = frame.Writer(parsed);
        var items = answer?["items"]?.AsArray() ?? [];
        if (!isPair || writer.IsMachineReadable)
        {
            writer.Write(
                answer,
                [new Column("SERIES", "series"), new Column("R", "r"), new Column("LAG S", "lagSeconds"), new Column("WINDOWS", "pairs"), new Column("SAYS", "says")],
                "series");
        }
        else
        {
            writer.Write(items.Count == 0 ? new JsonArray() : items[0]!["lags"], [new Column("LAG S", "lagSeconds"), new Column("R", "r"), new Column("WINDOWS", "pairs")], "lagSeconds");
        }

        var said = items.Count > 0 ? items[0]!["says"]!.GetValue<string>()
            : $"nothing goes with {answer?["series"]}: no lag has three windows that both have, or one of the two does not vary";
        frame.Session.Error.WriteLine(said);
    }
}
