using Pilotage.Core.Contracts;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Link;

/// <summary>What a device may say and hear: below its own path, and for an edge below the paths of its devices. Deny by default.</summary>
internal sealed class TopicRights(IFleet fleet, TopicBook topics)
{
    /// <summary>
    /// A device never writes what is asked of it: its desired twin and its commands come from the server. What a model said is an
    /// edge's to hand on, in a batch that names it: a device that could publish inferences could invent those of any release.
    /// </summary>
    public bool MayPublish(TenantId tenant, DeviceId device, string topic) =>
        topics.Find(topic) is { } known
            ? MayPublish(tenant, device, known.Path, known.DeviceIn(fleet))
            : TopicPath.TryParse(topic, out var path) && MayPublish(tenant, device, path, fleet.FindByPath(tenant, path.DevicePath));

    /// <summary>Whether it is something that devices tell, rather than something that is asked of them.</summary>
    public static bool IsToldByDevices(TopicPath path) =>
        path.Class != TopicClass.Command
        && !(path.Class == TopicClass.Twin && !path.Name.StartsWith("reported", StringComparison.Ordinal));

    /// <summary>Whether a class is anybody's to publish, rather than an edge's alone.</summary>
    public static bool IsOpenToDevices(string topicClass) => topicClass is not (TopicClass.Inference or TopicClass.Forward);

    private static bool MayPublish(TenantId tenant, DeviceId device, TopicPath path, Device? owner) =>
        path.Tenant == tenant
        && IsToldByDevices(path)
        && owner is not null
        && owner.Id == device
        && (owner.Thing == Things.Edge || IsOpenToDevices(path.Class));

    /// <summary>The device path in a filter is written out; wildcards may follow it.</summary>
    public bool MaySubscribe(TenantId tenant, DeviceId device, string filter)
    {
        var end = filter.IndexOf("/_", StringComparison.Ordinal);
        var path = end >= 0 ? filter[..end] : filter.EndsWith("/#", StringComparison.Ordinal) ? filter[..^2] : "";
        return path.Length > 0
            && !path.AsSpan().ContainsAny('+', '#')
            && fleet.FindByPath(tenant, path) is { } owner
            && (owner.Id == device || owner.Edge == device);
    }
}
