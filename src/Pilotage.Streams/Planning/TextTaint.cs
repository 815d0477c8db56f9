using System.Globalization;
using System.Text.RegularExpressions;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Planning;

/// <summary>Whether texts of a table have a say in the rows of a step, or in which rows there are: what was cut without them would be something else.</summary>
/// <param name="Slots">The slots of its rows that hold a text, or were computed of one.</param>
/// <param name="Rows">Whether a text chose the rows.</param>
internal sealed partial record TextTaint(IReadOnlySet<int> Slots, bool Rows)
{
    /// <summary>Whether a model is asked about what texts had a say in.</summary>
    public static bool Reaches(PredictNode node) => Of(node.Input!) is var input && (input.Rows || node.Features.Any(input.IsReadBy));

    private static TextTaint Of(PlanNode node)
    {
        if (node is ScanNode scan)
        {
            return new(scan.Thing.TextSlots.ToHashSet(), Rows: false);
        }

        if (node is UnionNode)
        {
            var inputs = node.Inputs.Select(Of).ToArray();
            return new(inputs.SelectMany(one => one.Slots).ToHashSet(), inputs.Any(one => one.Rows));
        }

        if (node is AsOfNode join)
        {
            // Whichever text chose the rows that are joined chose their values.
            var (asking, asked) = (Of(join.Inputs[0]), Of(join.Inputs[1]));
            var first = join.Inputs[0].Schema.Slots;
            var there = asked.Rows ? Enumerable.Range(first, join.Schema.Slots - first) : asked.Slots.Select(slot => first + slot);
            return new(asking.Slots.Concat(there).ToHashSet(), asking.Rows || (asked.Rows && !join.IsLeft));
        }

        var input = Of(node.Input!);
        return node switch
        {
            FilterNode filter => input with { Rows = input.Rows || input.IsReadBy(filter.Condition) },
            ProjectNode project => input with { Slots = Enumerable.Range(0, project.Values.Count).Where(slot => input.IsReadBy(project.Values[slot])).ToHashSet() },
            OverNode over => input with { Slots = input.Slots.Union(over.Windows.SelectMany(window => Of(window, input))).ToHashSet() },
            LeadNode lead => input with { Slots = input.Slots.Union(lead.Calls.Where(call => input.IsReadBy(call.Value)).Select(call => call.Slot)).ToHashSet() },
            GroupNode group => input with { Slots = Of(group.Window, input).ToHashSet() },
            PredictNode predict => predict.Features.Any(input.IsReadBy)
                ? input with { Slots = input.Slots.Union(Enumerable.Range(node.Schema.Slots - predict.Model.Outputs.Count, predict.Model.Outputs.Count)).ToHashSet() }
                : input,

            // Others leave slots where they are; one that says it looks at such a slot may choose rows by it.
            _ => input with { Rows = input.Rows || input.IsSaidIn(node.DescribeStep()) },
        };
    }

    private static IEnumerable<int> Of(WindowSpec window, TextTaint input) => window.Calls
        .Where(call => (call.Column >= 0 && input.IsReadBy(window.Columns[call.Column])) || (call.Second >= 0 && input.IsReadBy(window.Columns[call.Second])))
        .Select(call => call.Slot);

    private bool IsReadBy(Scalar scalar) => IsSaidIn(scalar.Describe());

    /// <summary>Expressions are spelled by slots. A constant text that looks like one is taken for it: then more is refused than need be.</summary>
    private bool IsSaidIn(string described) => Slots.Count > 0 && Slot().Matches(described).Any(slot => Slots.Contains(int.Parse(slot.Groups[1].ValueSpan, CultureInfo.InvariantCulture)));

    [GeneratedRegex("#([0-9]{1,9})")]
    private static partial Regex Slot();
}
