using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>device</c>: what is connected, and how to connect one more.</summary>
internal static class DeviceVerbs
{
    private static readonly Column[] Columns =
    [
        new("ID", "id"), new("PATH", "path"), new("THING", "thing"), new("EDGE", "edge"), new("STATUS", "status"), new("CONNECTED", "connected"),
        new("WHY", "reason", true), new("LAST REPORT", "lastReport", true),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("device", "Devices: identity, place and state."),
        frame.Lists(
            new Verb("list", "Lists the devices.", "pilotage device list", "pilotage device list -o name"), _ => "api/v1/devices", Columns),
        Show(frame),
        Enroll(frame));

    private static Verb Show(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The device.");
        return frame.Reads(
            VerbFrame.With(new Verb("show", "Shows one device.", "pilotage device show engine-081", "pilotage device show engine-081 -o yaml"), id),
            parsed => $"api/v1/devices/{VerbFrame.Segment(parsed.GetValue(id))}",
            Columns);
    }

    private static Verb Enroll(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The new device's id: lower-case letters, digits and dashes.");
        var path = new Option<string>("--path") { Description = "Its place: tenant/site/…/device.", Required = true, HelpName = "PATH" };
        var thing = new Option<string>("--thing") { Description = "Its thing type, as a package describes it.", Required = true, HelpName = "THING" };
        return frame.Changes(
            VerbFrame.With(
                new Verb(
                    "enroll",
                    "Registers a device and prints a one-time code to enrol with.",
                    "pilotage device enroll my-pi --path acme/lyon/my-pi --thing pump",
                    "pilotage device enroll my-pi --path acme/lyon/my-pi --thing pump --dry-run"),
                id,
                path,
                thing),
            parsed => ("api/v1/enrolments", new JsonObject
            {
                ["devices"] = new JsonArray(new JsonObject
                {
                    ["id"] = parsed.GetValue(id),
                    ["path"] = parsed.GetValue(path),
                    ["thing"] = parsed.GetValue(thing),
                }),
            }),
            new Column("DEVICE", "device|id"),
            new Column("CODE", "code"),
            new Column("EXPIRES", "expires|expiresAt"));
    }
}
