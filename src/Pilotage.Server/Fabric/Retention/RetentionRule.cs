using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Retention;

/// <summary>How long points of some series are kept, and what outlives them.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Devices by their path; all where none is given.</param>
/// <param name="Thing">Devices of a thing type.</param>
/// <param name="Property">One property; all of them without one.</param>
/// <param name="KeepNs">So long back from now every point stays.</param>
/// <param name="RollUpNs">Length of the windows that are left of them; null where nothing is.</param>
/// <param name="RollUpKeepNs">How long those stay; null for good.</param>
internal sealed record RetentionRule(
    TenantId Tenant, string Name, string? Path, string? Thing, string? Property, long KeepNs, long? RollUpNs, long? RollUpKeepNs, string WrittenBy, long WrittenNs)
{
    private const long NsPerHour = 3_600_000_000_000;
    private const long NsPerDay = 24 * NsPerHour;
    private const long ByDaysFrom = 7 * NsPerDay;

    public bool Governs(string property) => Property is null || Property == property;

    /// <summary>The first time that stays: a whole hour or, of what is kept for long, a whole day, so that points go in slices; and never within a window.</summary>
    public long FloorAt(long nowNs) => Floor(nowNs, KeepNs, RollUpNs ?? 0);

    /// <summary>The first window that stays; null where all do.</summary>
    public long? RollUpFloorAt(long nowNs) => RollUpKeepNs is { } keep ? Floor(nowNs, keep, NsPerDay) : null;

    private static long Floor(long nowNs, long keepNs, long sliceMin) =>
        WindowAggregate.StartOf(nowNs - keepNs, Math.Max(keepNs >= ByDaysFrom ? NsPerDay : NsPerHour, sliceMin));
}
