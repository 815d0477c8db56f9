using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Cli.Packages;

namespace Pilotage.Cli.Verbs;

/// <summary><c>usecase init|lint|install</c>: a package from the first file to the server.</summary>
internal static class PackageVerbs
{
    private static readonly Column[] FaultColumns = [new("FILE", "file"), new("LINE", "line"), new("COLUMN", "column"), new("FAULT", "message")];

    public static Verb Init(VerbFrame frame)
    {
        var folder = VerbFrame.Name("dir", "A folder that is not there yet, or empty.");
        var name = new Option<string?>("--name") { Description = "Name of the use case: lower-case letters, digits and hyphens. Default: the folder's.", HelpName = "NAME" };
        var from = new Option<string>("--from") { Description = $"The sample to begin with: {string.Join(" or ", PackageStarter.Samples)}.", HelpName = "SAMPLE", DefaultValueFactory = _ => PackageStarter.Default }
            .AcceptOnlyFromAmong(PackageStarter.Samples);
        var verb = VerbFrame.With(
            new Verb("init", "Writes a package that works, to be made your own.", "pilotage usecase init ./fan-wear", "pilotage usecase init ./fans --name fan-wear --from predictive-maintenance"),
            folder, name, from);
        verb.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetValue(folder)!, frame.Session.WorkingDirectory);
            var called = parsed.GetValue(name) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
            if (called.Length is 0 or > 63 || called[0] == '-' || !called.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            {
                throw new CliFailure(ExitCode.Usage, $"'{called}' is not the name of a use case", "lower-case letters, digits and hyphens, no hyphen first, at most 63", "--name fan-wear");
            }

            var written = PackageStarter.Write(path, called, parsed.GetValue(from)!);
            frame.Writer(parsed).Write(new JsonArray([.. written.Select(file => (JsonNode)new JsonObject { ["file"] = file })]), [new("FILE", "file")], "file");
            frame.Session.Error.WriteLine($"next: edit {Path.Combine(path, "usecase.yaml")} and site.yaml, then pilotage usecase lint {parsed.GetValue(folder)}");
            return ExitCode.Done;
        });
        return verb;
    }

    public static Verb Lint(VerbFrame frame)
    {
        var path = VerbFrame.Name("path", "The folder of a package, or any file in it.");
        var site = Site();
        var verb = VerbFrame.With(
            new Verb(
                "lint",
                "Reads a package without a server and prints every fault as file:line:column; exit code 1 if there is one.",
                "pilotage usecase lint ./fan-wear",
                "pilotage usecase lint samples/pump-bearings --site site.demo.yaml -o json"),
            path, site);
        verb.SetAction(parsed => Report(frame, parsed, PackageLint.Check(PackageFolder.Of(Full(frame, parsed.GetValue(path)!)), parsed.GetValue(site))));
        return verb;
    }

    public static Verb Install(VerbFrame frame, params Column[] columns)
    {
        var path = VerbFrame.Name("path", "The folder of a package, or any file in it.");
        var site = Site();
        var dryRun = new Option<bool>("--dry-run") { Description = "Check the package and send nothing." };
        var verb = VerbFrame.With(
            new Verb(
                "install",
                "Checks a package, sends it, and makes its use case at the stage 'idea'; a newer version replaces an older one.",
                "pilotage usecase install ./fan-wear",
                "pilotage usecase install samples/pump-bearings --site site.demo.yaml --dry-run"),
            path, site, dryRun);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var folder = PackageFolder.Of(Full(frame, parsed.GetValue(path)!));
            var report = PackageLint.Check(folder, parsed.GetValue(site));
            if (parsed.GetValue(dryRun) || report["ok"]?.GetValue<bool>() != true)
            {
                return Report(frame, parsed, report);
            }

            using var api = frame.Connect(parsed);
            var package = await api.PostAsync("api/v1/packages", PackageFolder.Request(folder, parsed.GetValue(site)), cancellation);
            var useCase = await api.PostAsync("api/v1/use-cases", new JsonObject { ["package"] = Column.Text(package?["digest"]) }, cancellation);
            frame.Writer(parsed).Write(useCase, columns);
            return ExitCode.Done;
        });
        return verb;
    }

    private static int Report(VerbFrame frame, ParseResult parsed, JsonObject report)
    {
        var writer = frame.Writer(parsed);
        var ok = report["ok"]!.GetValue<bool>();
        if (!writer.IsText)
        {
            writer.Write(writer.IsMachineReadable ? report : report["faults"], FaultColumns, "file");
        }
        else if (ok)
        {
            frame.Session.Output.WriteLine($"{report["name"]} {report["version"]} is sound: {report["digest"]}{Bound(report)}");
        }
        else
        {
            foreach (var line in PackageLint.Lines(report))
            {
                frame.Session.Output.WriteLine(line);
            }
        }

        return ok ? ExitCode.Done : ExitCode.Failed;
    }

    private static string Bound(JsonObject report) => report["site"] is { } site
        ? $", bound by {site}"
        : report["needs"]!.AsArray() is { Count: > 0 } needs ? $", read without a site; one must supply {Column.Text(needs)}" : ", read without a site";

    private static string Full(VerbFrame frame, string path) => Path.GetFullPath(path, frame.Session.WorkingDirectory);

    private static Option<string?> Site() => new("--site") { Description = "The site file inside the package that binds it. Default site.yaml, where there is one.", HelpName = "FILE" };
}
