using Pilotage.Core.Units;
using Pilotage.Server.Package;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>What a contract says of one property.</summary>
/// <param name="Unit">What the bounds are in; null for the unit of the series.</param>
/// <param name="Values">The only values there are, as they are written; empty for any.</param>
/// <param name="Fresh">Longest age of the last point; zero for any.</param>
/// <param name="At">Where it stands in its document.</param>
internal sealed record PropertyRules(
    string Name, OnViolation Choice, bool Required, double? Minimum, double? Maximum, Unit? Unit, IReadOnlyList<string> Values, RateRule? Rate, TimeSpan Fresh, SourceMark At)
{
    /// <summary>Whether a number is asked for.</summary>
    public bool AsksNumber => Minimum is not null || Maximum is not null || Unit is not null;
}

/// <summary>How many points a property may have in each stretch of device time.</summary>
internal sealed record RateRule(int? Min, int? Max, TimeSpan Per);
