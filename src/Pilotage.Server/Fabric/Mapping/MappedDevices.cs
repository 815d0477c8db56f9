using System.Diagnostics.Metrics;
using Pilotage.Core.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>The devices that mappings speak for: those without a certificate of their own, and new ones up to a bound.</summary>
internal sealed class MappedDevices
{
    private readonly IFleet _fleet;
    private readonly Counter<long> _made;
    private volatile Counted? _counted;

    public MappedDevices(IFleet fleet, IMeterFactory meters)
    {
        _fleet = fleet;
        _made = meters.Create("Pilotage.Server").CreateCounter<long>("pilotage.mapping.devices.made", "{device}", "Devices that were made because a mapping named them.");
        _made.Add(0);
    }

    /// <summary>The device at a path, if a mapping may speak for it; null where there is none yet.</summary>
    /// <param name="speaker">Who sent the message with a certificate: for itself and what is behind it, and for nobody else.</param>
    public Outcome<Device?> Known(TenantId tenant, string path, DeviceId? speaker = null) => _fleet.FindByPath(tenant, path) switch
    {
        { Status: not DeviceStatus.Revoked } known when speaker is not null && (known.Id == speaker || known.Edge == speaker) => known,
        var other when speaker is not null => new Refusal("fabric.mapping.device", $"{speaker} speaks for itself and for devices behind it, and {(other is null ? $"there is no device at {Shown(path)}" : $"{other.Id} is none of them")}"),
        null when !TopicPath.IsDevicePath(path) => new Refusal("fabric.mapping.path", $"\"{path}\" is no path of a device: {tenant}/<site>/…/<device>, two to seven levels, none empty, . or .., or beginning with _ or $"),
        { Status: DeviceStatus.Enrolled } own => new Refusal("fabric.mapping.device", $"{own.Id} has a certificate of its own, and nobody else speaks for it"),
        { Status: DeviceStatus.Revoked } revoked => new Refusal("fabric.mapping.device", $"{revoked.Id} was revoked, and nothing is taken for it"),
        var device => device,
    };

    /// <summary>The same; one that is not known is made where the rule says so.</summary>
    public Outcome<Device> Of(TenantId tenant, string path, MappingRule rule, int devicesMax, DeviceId? speaker = null)
    {
        if (!Known(tenant, path, speaker).TryGet(out var device, out var refusal))
        {
            return refusal;
        }

        return device is not null ? device
            : WhyNoMore(tenant, path, rule, devicesMax) is { } why ? new Refusal("fabric.mapping.device", why)
            : Made(tenant, path, rule);
    }

    /// <summary>Why a device that is not known is not made; null when it is.</summary>
    public string? WhyNoMore(TenantId tenant, string path, MappingRule rule, int devicesMax) =>
        !rule.Creates ? $"there is no device at {path}, and the rule {rule.Name} makes none; declare it with: pilotage device enroll"
            : Count(tenant, rule.Thing) >= devicesMax ? $"there are {devicesMax} devices of the thing type {rule.Thing}, the most up to which the mapping makes any (devices_max)"
            : null;

    /// <summary>Whether nothing is taken for what stands at a path, read or not.</summary>
    public bool Refuses(TenantId tenant, string? path, DeviceId? speaker = null) => path is not null && !Known(tenant, path, speaker).IsOk;

    private static string Shown(string path) => path.Length <= 80 ? path : path[..80] + "…";

    private Outcome<Device> Made(TenantId tenant, string path, MappingRule rule)
    {
        if (FoundDevices.Declare(_fleet, tenant, path, rule.Thing).TryGet(out var made, out var refusal))
        {
            _made.Add(1);
            return made;
        }

        return refusal;
    }

    /// <summary>Counted anew when the fleet has changed, so that messages which are refused cost no more than others.</summary>
    private int Count(TenantId tenant, string thing)
    {
        var (version, counted) = (_fleet.Version, _counted);
        if (counted is null || counted.Version != version || counted.Tenant != tenant || counted.Thing != thing)
        {
            _counted = counted = new Counted(version, tenant, thing, _fleet.List(tenant, new DeviceQuery { Thing = thing }).Count);
        }

        return counted.Devices;
    }

    private sealed record Counted(long Version, TenantId Tenant, string Thing, int Devices);
}
