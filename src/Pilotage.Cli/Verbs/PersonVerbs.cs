using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>person</c>: who may vote at gates and judge alerts.</summary>
internal static class PersonVerbs
{
    private static readonly Column[] Columns = [new("ID", "id"), new("NAME", "displayName"), new("ROLES", "roles")];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("person", "People and the roles they hold."),
        frame.Lists(new Verb("list", "Lists the people.", "pilotage person list", "pilotage person list -o name"), _ => "api/v1/people", Columns),
        Add(frame),
        Remove(frame));

    private static Verb Add(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The person's id: lower-case letters, digits, - _ and .");
        var name = new Option<string>("--name") { Description = "The name that is shown.", Required = true, HelpName = "NAME" };
        var role = new Option<string[]>("--role") { Description = "A role held, as the gates of a package name it; may be given several times.", HelpName = "ROLE" };
        return frame.Makes(
            VerbFrame.With(
                new Verb(
                    "create",
                    "Adds a person; with --replace, one who is there already gets this name and these roles instead of the old ones.",
                    "pilotage person create ada --name 'Ada Byron' --role sponsor",
                    "pilotage person create li.wei --name 'Li Wei' --role maintenance --role ot_lead --replace"),
                id,
                name,
                role),
            parsed => ($"api/v1/people/{VerbFrame.Segment(parsed.GetValue(id), id)}", new JsonObject
            {
                ["displayName"] = parsed.GetValue(name),
                ["roles"] = new JsonArray([.. (parsed.GetValue(role) ?? []).Select(one => (JsonNode)one)]),
            }),
            Columns);
    }

    private static Verb Remove(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The person.");
        return frame.Removes(
            VerbFrame.With(
                new Verb(
                    "delete",
                    "Takes a person away; what that person voted and found stays as it was recorded.",
                    "pilotage person delete ada --yes",
                    "pilotage person delete li.wei --dry-run"),
                id),
            HttpMethod.Delete,
            id,
            segment => $"api/v1/people/{segment}",
            new Column("DELETED", "id"));
    }
}
