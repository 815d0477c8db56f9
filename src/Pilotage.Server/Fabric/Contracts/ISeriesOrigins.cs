using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Contracts;

/// <summary>What the catalogue knows of how the values of a series come in and how long they stay, as of now.</summary>
public interface ISeriesOrigins
{
    /// <summary>What is known of a property of each of some devices, whether the series is there or not.</summary>
    IReadOnlyDictionary<string, IReadOnlyList<SeriesOrigin>> Of(TenantId tenant, IReadOnlyList<Device> devices, IReadOnlyList<string> properties);
}

/// <summary>Where the values of a series come from.</summary>
/// <param name="Doors">Ways that may bring them: an own certificate, an edge, a mapping with its rule and source. None where nothing in the catalogue says.</param>
/// <param name="Retention">The rule of retention that holds for it; null where its points stay for good.</param>
/// <param name="PointsFromNs">Before it points are gone, by that rule, and windows of them at most are left; null where none are.</param>
public sealed record SeriesOrigin(IReadOnlyList<string> Doors, string? Retention, long? PointsFromNs);
