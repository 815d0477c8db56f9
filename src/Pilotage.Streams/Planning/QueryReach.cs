using Pilotage.Streams.Expressions;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Planning;

/// <summary>What of a table a question needs: conditions on time and device, carried down to where it is read.</summary>
internal static class QueryReach
{
    // The event time of a window's row lies so much before its end.
    private const long WindowTimeBeforeEndNs = 1_000_000;

    public static Reach Of(PlanNode root)
    {
        var reach = Reach.All;
        for (var node = root; node is not null; node = node.Input)
        {
            reach = Below(node, reach);
        }

        return reach;
    }

    public static ScanNode ScanOf(PlanNode root)
    {
        var node = root;
        while (node.Input is { } input)
        {
            node = input;
        }

        return (ScanNode)node;
    }

    /// <summary>The rows that a step needs to give those above it the rows they need.</summary>
    private static Reach Below(PlanNode node, Reach needed) => node switch
    {
        FilterNode filter => needed.And(filter.Condition.Reach()),
        OverNode over => needed with { FirstNs = Earlier(needed.FirstNs, over.Windows) },
        LeadNode => needed with { LastNs = long.MaxValue },
        NumberNode => needed with { FirstNs = 0 },
        GroupNode group => needed with
        {
            // A session may have begun anywhere before.
            FirstNs = group.Cut.Kind == TimeWindowKind.Session ? 0 : Math.Max(0, needed.FirstNs + WindowTimeBeforeEndNs - group.Cut.SizeNs),
            LastNs = needed.LastNs >= long.MaxValue - WindowTimeBeforeEndNs ? long.MaxValue : needed.LastNs + WindowTimeBeforeEndNs - 1,
        },

        // Groups have no event time of their own, and so nothing above them says anything of it.
        GatherNode => Reach.All with { Devices = needed.Devices },
        _ => needed,
    };

    /// <summary>Where windows that reach back begin; those of rows may begin anywhere before.</summary>
    private static long Earlier(long firstNs, IReadOnlyList<WindowSpec> windows) =>
        windows.All(window => window.Frame.Kind == FrameKind.Range) ? Math.Max(0, firstNs - windows.Max(window => window.Frame.Preceding)) : 0;
}
