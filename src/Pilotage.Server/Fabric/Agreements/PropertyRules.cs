using Pilotage.Core.Units;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>What a contract says of one property.</summary>
/// <param name="Unit">What the bounds are in; null for the unit of the series.</param>
/// <param name="Values">The only values there are, as they are written; empty for any.</param>
/// <param name="Fresh">Longest age of the last point; zero for any.</param>
internal sealed record PropertyRules(
    string Name, OnViolation Choice, bool Required, double? Minimum, double? Maximum, Unit? Unit, IReadOnlyList<string> Values, RateRule? Rate, TimeSpan Fresh);

/// <summary>How many points a property may have in each stretch of device time.</summary>
internal sealed record RateRule(int? Min, int? Max, TimeSpan Per);
