using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Contracts;

/// <summary>The data side: the store, what a device measures, and how good it is.</summary>
public interface ITelemetry
{
    /// <summary>The properties stored for a device, ordered by name.</summary>
    IReadOnlyList<string> Properties(TenantId tenant, DeviceId device);

    /// <summary>How ready the data of these devices is, each property weighed against what its neighbours deliver.</summary>
    Readiness ReadinessOf(TenantId tenant, IReadOnlyList<Device> devices);
}

/// <summary>A score of 0 to 100 with its reasons; 80 is what packages usually ask for.</summary>
public sealed record Readiness(
    double Score, IReadOnlyList<string> Reasons, double Coverage, double GapShare, double? RatePerHour, long Points, IReadOnlyList<DeviceReadiness> Devices);

/// <summary>One device's share of it.</summary>
public sealed record DeviceReadiness(
    string Device, string Path, double Score, IReadOnlyList<string> Reasons, double Coverage, double GapShare, double? RatePerHour,
    long Points, long Gaps, long Overwritten, long BadMessages, long? FirstNs, long? LastNs);
