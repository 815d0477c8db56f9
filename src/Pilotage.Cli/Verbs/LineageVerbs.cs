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

    public static Verb Create(VerbFrame frame)
    {
        var node = VerbFrame.Name("node", "The node as kind:id, or the bare id of an alert.");
        var up = new Option<bool>("--up") { Description = "What it came from, down to the sensor rows (the default)." };
        var down = new Option<bool>("--down") { Description = "What it affected, up to the ledger." };
        return VerbFrame.With(
            new Verb("lineage", "The thread from sensor row to ledger."),
            frame.Reads(
                VerbFrame.With(
                    new Verb("show", "Walks the graph from a node.", "pilotage lineage show al_17 --up", "pilotage lineage show model:rul@1.0.0 --down -o json"),
                    node,
                    up,
                    down),
                parsed =>
                {
                    var name = parsed.GetValue(node)!;
                    var full = name.Contains(':', StringComparison.Ordinal) ? name : $"alert:{name}";
                    var direction = parsed.GetValue(down) ? "down" : "up";
                    return parsed.GetValue(up) && parsed.GetValue(down)
                        ? throw new CliFailure(ExitCode.Usage, "--up and --down exclude one another", null, $"pilotage lineage show {name} --up")
                        : $"api/v1/lineage?node={VerbFrame.Segment(full)}&direction={direction}";
                },
                Columns));
    }
}
