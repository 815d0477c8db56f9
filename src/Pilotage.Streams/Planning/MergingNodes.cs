using System.Globalization;
using Pilotage.Streams.Binding;

namespace Pilotage.Streams.Planning;

/// <summary>UNION ALL: the rows of all inputs, whose slots mean the same.</summary>
internal sealed class UnionNode(IReadOnlyList<PlanNode> inputs, RowSchema schema) : PlanNode(inputs, schema)
{
    /// <summary>A row of a second table, or one that comes later than it could, has to be put in order with the rest.</summary>
    public override bool IsPrompt { get; } = inputs.All(input => input.IsPrompt)
        && inputs.SelectMany(input => input.Upstream()).OfType<ScanNode>().Distinct().Count() == 1;

    protected override string DescribeSelf() => "union all";
}

/// <summary>JOIN … FOR SYSTEM_TIME AS OF: the row of the first input, then that of the second, then the time of the latter.</summary>
/// <param name="asking">The rows that are told.</param>
/// <param name="asked">The rows that they are joined with.</param>
/// <param name="isLeft">Whether a row with none to be joined with is told too.</param>
/// <param name="ageNs">How much older the joined row may be.</param>
/// <param name="schema">The columns of both.</param>
internal sealed class AsOfNode(PlanNode asking, PlanNode asked, bool isLeft, long ageNs, RowSchema schema) : PlanNode([asking, asked], schema)
{
    public bool IsLeft => isLeft;

    public long AgeNs => ageNs;

    public override bool IsPrompt => false;

    protected override string DescribeSelf() =>
        string.Create(CultureInfo.InvariantCulture, $"{(isLeft ? "left" : "inner")} join as of{(ageNs == long.MaxValue ? "" : $" within {ageNs}")}");
}
