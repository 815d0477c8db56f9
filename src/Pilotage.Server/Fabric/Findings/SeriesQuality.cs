namespace Pilotage.Server.Fabric.Findings;

/// <summary>How a series comes in: a score of 0 to 100, and every finding that is still told.</summary>
/// <param name="Points">Points that were looked at; halved where they are very many.</param>
/// <param name="IsLearning">Whether too few of them came yet to judge by.</param>
/// <param name="IntervalNs">Usual distance of its points.</param>
internal sealed record SeriesQuality(TenantId Tenant, DeviceId Device, string Property, double Score, int Points, bool IsLearning, double IntervalNs, IReadOnlyList<ToldFinding> Findings);

/// <summary>A finding as it is told.</summary>
internal sealed record ToldFinding(FindingKind Kind, Finding Facts, string Text);
