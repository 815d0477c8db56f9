using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>data export</c>: series as a table of CSV, to a file or to standard output, or of Parquet, to a file.</summary>
internal static class ExportVerb
{
    private const int CopyChars = 32 * 1024;
    private const string Parquet = "parquet";

    public static Verb Create(VerbFrame frame)
    {
        var property = new Argument<string?>("property") { Description = "One property, or several with commas; without it, all that were measured.", Arity = ArgumentArity.ZeroOrOne };
        var device = DataVerbs.Text("--device", "One device: id, path or name.", "ID");
        var path = DataVerbs.Text("--path", "Devices by their path; * stays within a level, ** does not.", "PATTERN");
        var thing = DataVerbs.Text("--thing", "Devices of one thing type.", "TYPE");
        var from = Moment.Option("--from", "The first time that counts:");
        var to = Moment.Option("--to", "The first time that counts no more:");
        var file = DataVerbs.Text("--file", "Where to; standard output without it. It is there when it is complete, and not before.", "FILE");
        var format = DataVerbs.Text("--format", "csv or parquet; parquet where --file ends with .parquet, and else csv.", "FORM");
        format.AcceptOnlyFromAmong("csv", Parquet);
        var force = new Option<bool>("--force") { Description = "Replace a file that is there already." };
        var verb = VerbFrame.With(
            new Verb(
                "export",
                "Writes series as CSV: a row for each device and time, a column for each property; what comes out, data import --device-column device takes back. Or as Parquet: a row for each point, by device, property and time.",
                "pilotage data export --device pump-7 --from 2026-01-01T00:00:00Z --file pump-7.csv",
                "pilotage data export vibration,load --path 'acme/lyon/**' | gzip > lyon.csv.gz",
                "pilotage data export --path 'acme/lyon/**' --format parquet --file lyon.parquet"),
            property, device, path, thing, from, to, format, file, force);
        verb.SetAction((parsed, cancellation) =>
        {
            var place = parsed.GetValue(file);
            var form = parsed.GetValue(format) ?? (place?.EndsWith("." + Parquet, StringComparison.OrdinalIgnoreCase) == true ? Parquet : null);
            var told = parsed.GetResult(frame.Options.Output) is { Implicit: false } ? parsed.GetValue(frame.Options.Output) : parsed.GetResult(frame.Options.Json) is { Implicit: false } ? "json" : null;
            if (place is null && told is not (null or "csv"))
            {
                throw new CliFailure(
                    ExitCode.Usage, $"an export is no {told}", "it is a table of CSV, or of Parquet with --file; -o says how other results are told",
                    "pilotage data export … without -o, or for rows as JSON: pilotage data sql 'SELECT device, ts, PROPERTY FROM THING' -o json");
            }

            if (form == Parquet && place is null)
            {
                throw new CliFailure(ExitCode.Usage, "parquet goes to a file", "it is not text, and is good for nothing without its end", "--file NAME.parquet");
            }

            var address = DataVerbs.Address(
                "api/v1/series/export",
                ("property", parsed.GetValue(property)),
                ("device", parsed.GetValue(device)), ("path", parsed.GetValue(path)), ("thing", parsed.GetValue(thing)), ("from", Moment.Of(frame.Session, from, parsed)), ("to", Moment.Of(frame.Session, to, parsed)), ("format", form));
            return place is not null
                ? ToFileAsync(frame, parsed, address, place, parsed.GetValue(force), cancellation)
                : ReaderWatch.RunAsync(frame.Session, token => ToOutputAsync(frame, parsed, address, token), cancellation);
        });
        return verb;
    }

    private static async Task<int> ToFileAsync(VerbFrame frame, ParseResult parsed, string address, string place, bool isReplaced, CancellationToken cancellation)
    {
        using var api = frame.Connect(parsed);
        using var file = ExportFile.Create(frame.Session.WorkingDirectory, place, isReplaced);
        var note = await api.CopyAsync(address, body => WholeAsync(() => file.FillAsync(body, cancellation), "export"), cancellation);
        file.Complete();
        DataVerbs.Note(frame, note);
        frame.Writer(parsed).Write(new JsonObject { ["file"] = place, ["bytes"] = file.Bytes }, [new Column("FILE", "file"), new Column("BYTES", "bytes")], "file");
        return ExitCode.Done;
    }

    private static async Task<int> ToOutputAsync(VerbFrame frame, ParseResult parsed, string address, CancellationToken cancellation)
    {
        using var api = frame.Connect(parsed);
        var output = frame.Session.Output;
        var note = await api.CopyAsync(
            address,
            body => WholeAsync(() => CopyTextAsync(body, output, cancellation), "export"),
            cancellation);
        DataVerbs.Note(frame, note);
        return ExitCode.Done;
    }

    public static async Task CopyTextAsync(Stream body, TextWriter output, CancellationToken cancellation)
    {
        using var reader = new StreamReader(body, Encoding.UTF8);
        var chars = new char[CopyChars];
        while (await reader.ReadAsync(chars, cancellation) is > 0 and var count)
        {
            output.Write(chars, 0, count);
        }
    }

    /// <summary>What breaks off is none.</summary>
    public static async Task WholeAsync(Func<Task> copy, string what)
    {
        try
        {
            await copy();
        }
        catch (HttpRequestException broken)
        {
            throw BrokenOff(broken, what);
        }
        catch (HttpIOException broken)
        {
            throw BrokenOff(broken, what);
        }
    }

    private static CliFailure BrokenOff(Exception broken, string what) =>
        new(ExitCode.Failed, $"the {what} broke off before its end", broken.Message, "the same command again; the server's log says why, if it was not the network");
}
