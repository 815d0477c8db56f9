using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>device enroll|restore</c>: a place in the fleet, and a way in, again after a revocation.</summary>
internal static class EnrolVerbs
{
    private static readonly Column[] CodeColumns = [new("DEVICE", "device|id"), new("CODE", "code"), new("EXPIRES", "expiresAt"), new("PATH", "path", true)];

    private static readonly Column[] SavedColumns = [new("DEVICE", "device"), new("KEY", "key"), new("CERTIFICATE", "certificate"), new("AUTHORITY", "authority")];

    public static Verb Enroll(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The new device's id: lower-case letters, digits and dashes.");
        var path = new Option<string>("--path") { Description = "Its place: tenant/site/…/device.", Required = true, HelpName = "PATH" };
        var thing = new Option<string>("--thing") { Description = "Its thing type, as a package describes it; edge for an edge.", Required = true, HelpName = "THING" };
        var edge = new Option<string?>("--edge")
        {
            Description = "The edge it stands behind, by id or path. Without it, a new device connects to the server, and one that is known keeps the edge it has; --edge '' takes it away from there.",
            HelpName = "EDGE",
        };
        var save = Save();
        var dryRun = DryRun();
        var verb = VerbFrame.With(
            new Verb(
                "enroll",
                "Registers a device and prints a one-time code to enrol with; a device that is known already gets a new code and keeps its edge.",
                "pilotage device enroll my-pi --path default/lyon/my-pi --thing pi --save ./my-pi",
                "pilotage device enroll my-pi --path default/lyon/my-pi --thing pi --edge edge-1 --dry-run"),
            id, path, thing, edge, save, dryRun);
        verb.SetAction((parsed, cancellation) => RunAsync(
            frame,
            parsed,
            ("api/v1/enrolments", new JsonObject { ["devices"] = new JsonArray(new JsonObject
            {
                ["id"] = VerbFrame.Given(parsed.GetValue(id), id), ["path"] = parsed.GetValue(path), ["thing"] = parsed.GetValue(thing), ["edge"] = parsed.GetValue(edge),
            }) }),
            parsed.GetValue(save),
            parsed.GetValue(dryRun),
            cancellation));
        return verb;
    }

    public static Verb Restore(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The revoked device.");
        var save = Save();
        var dryRun = DryRun();
        var verb = VerbFrame.With(
            new Verb(
                "restore",
                "Prints a one-time code for a revoked device: it stays cut off until the code is used, and its old certificates for good.",
                "pilotage device restore my-pi --save ./my-pi-new",
                "pilotage device restore my-pi --dry-run"),
            id, save, dryRun);
        verb.SetAction((parsed, cancellation) => RunAsync(
            frame,
            parsed,
            ($"api/v1/devices/{VerbFrame.Segment(parsed.GetValue(id), id)}/restoration", null),
            parsed.GetValue(save),
            parsed.GetValue(dryRun),
            cancellation));
        return verb;
    }

    private static async Task<int> RunAsync(
        VerbFrame frame, ParseResult parsed, (string Path, JsonObject? Body) request, string? folder, bool dryRun, CancellationToken cancellation)
    {
        if (dryRun)
        {
            frame.WriteRequest(HttpMethod.Post, request.Path, request.Body);
            return ExitCode.Done;
        }

        using var api = frame.Connect(parsed);
        if (folder is null)
        {
            frame.Writer(parsed).Write(await api.ChangeAsync(HttpMethod.Post, request.Path, request.Body, cancellation), CodeColumns, "device");
            return ExitCode.Done;
        }

        using var save = new CredentialFolder(Path.GetFullPath(folder, frame.Session.WorkingDirectory));
        frame.Writer(parsed).Write(await SaveAsync(save, api, request, cancellation), SavedColumns, "device");
        return ExitCode.Done;
    }

    private static async Task<JsonNode> SaveAsync(CredentialFolder save, ApiClient api, (string Path, JsonObject? Body) request, CancellationToken cancellation)
    {
        // The folder is tried first: a device that is registered and cannot be given its key helps nobody.
        save.Prepare();
        var isSaved = false;
        try
        {
            var enrolments = await api.ChangeAsync(HttpMethod.Post, request.Path, request.Body, cancellation);
            var saved = await save.TradeAsync(Column.Text(ResultWriter.Rows(enrolments)[0]?["code"]), api, cancellation);
            isSaved = true;
            return saved;
        }
        finally
        {
            if (!isSaved)
            {
                save.Withdraw();
            }
        }
    }

    private static Option<string?> Save() =>
        new("--save") { Description = "Trade the code here and now, for a key, a certificate and the authority in this folder.", HelpName = "DIR" };

    private static Option<bool> DryRun() => new("--dry-run") { Description = "Print what would be sent and send nothing." };
}
