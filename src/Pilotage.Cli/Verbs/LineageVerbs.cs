using System.CommandLine;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>lineage</c>: what a thing came from, and what it affected.</summary>
internal static class LineageVerbs
{
    private static readonly Column[] Columns =
    [
        new("FROM", "from"), new("EDGE", "type"), new("TO", "to"), new("AT", "at", true), new("DETAIL", "attributes", true),
    ];

    private static readonly Column[] ShortColumns = [new("FROM", "from"), new("EDGE", "type"), new("TO", "to"), new("DETAIL", "detail")];

    public static Verb Create(VerbFrame frame)
    {
        var node = VerbFrame.Name("node", "The node as kind:id, or the bare id of an alert.");
        var up = new Option<bool>("--up") { Description = "What it came from, down to the sensor rows (the default)." };
        var down = new Option<bool>("--down") { Description = "What it affected, up to the ledger." };
        var show = VerbFrame.With(
            new Verb(
                "show",
                "Walks the graph from a node; -o wide, csv and json show every edge, a table puts equal ones together.",
                "pilotage lineage show \"$(pilotage alert list -o name | head -1)\" --down",
                "pilotage lineage show model:DIGEST --down -o json     # DIGEST out of: pilotage model list"),
            node,
            up,
            down);
        show.SetAction(async (parsed, cancellation) =>
        {
            var name = VerbFrame.Given(parsed.GetValue(node), node);
            if (parsed.GetValue(up) && parsed.GetValue(down))
            {
                throw new CliFailure(ExitCode.Usage, "--up and --down exclude one another", null, $"pilotage lineage show {name} --up");
            }

            var full = Uri.EscapeDataString(name.Contains(':', StringComparison.Ordinal) ? name : $"alert:{name}");
            var (asked, other) = parsed.GetValue(down) ? ("down", "up") : ("up", "down");
            using var api = frame.Connect(parsed);
            var walk = await api.GetAsync($"api/v1/lineage?node={full}&direction={asked}", cancellation);
            if (ResultWriter.Rows(walk).Count == 0 && ResultWriter.Rows(await api.GetAsync($"api/v1/lineage?node={full}&direction={other}", cancellation)).Count == 0)
            {
                // The graph knows edges only: a node without any is one that nobody ever named.
                throw new CliFailure(ExitCode.NotFound, $"nothing is recorded of '{name}'", "a node is kind:id, for example model:sha256:…, or the bare id of an alert", "pilotage alert list shows alerts");
            }

            var writer = frame.Writer(parsed);
            if (writer.IsShort)
            {
                writer.Write(LineageText.Grouped(walk), ShortColumns);
            }
            else
            {
                writer.Write(walk, Columns);
            }

            if (walk?["truncated"]?.GetValue<bool>() == true)
            {
                frame.Session.Error.WriteLine($"only the nearest {ResultWriter.Rows(walk).Count} edges are shown; walk on from one of their nodes");
            }

            return ExitCode.Done;
        });
        return VerbFrame.With(new Verb("lineage", "The thread from sensor row to ledger."), show);
    }
}
