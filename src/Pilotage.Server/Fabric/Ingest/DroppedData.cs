using System.Text.Json;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Makes an event of what an edge says that it dropped, so that a timeline shows the hole and its reason where the values are missing.</summary>
internal static class DroppedData
{
    /// <summary>The type of the event.</summary>
    public const string Type = "data.dropped";

    /// <summary>The priorities of an edge's buffer, by their number.</summary>
    public static IReadOnlyList<string> Names { get; } = ["alerts", "events", "telemetry", "clips"];

    /// <summary>The name of a priority.</summary>
    public static string NameOf(int priority) => priority < Names.Count ? Names[priority] : "other";

    /// <summary>An event of the device that the topic names, at the time of the first message that is missing; of the edge where it does not speak for such a device.</summary>
    public static DomainEvent Of(Device edge, string logId, ForwardGap gap, IFleet fleet, long receivedNs)
    {
        var device = gap.Topic is { } topic && TopicPath.TryParse(topic, out var path) && fleet.FindByPath(edge.Tenant, path.DevicePath) is { } owner
            && (owner.Id == edge.Id || owner.Edge == edge.Id) ? owner : edge;
        var data = JsonSerializer.SerializeToElement(
            new
            {
                edge = edge.Id.Value,
                topic = gap.Topic,
                priority = NameOf(gap.Priority),
                messages = gap.Count,
                from = Clock.Rfc3339(gap.FirstNs),
                to = Clock.Rfc3339(gap.LastNs),
            },
            JsonSerializerOptions.Web);
        return new DomainEvent(0, edge.Tenant, device.Id, "/" + edge.Path, $"{logId}:{gap.Priority}:{gap.FirstNs}:{gap.LastNs}:{gap.Count}:{gap.Topic}", Type, gap.FirstNs, receivedNs, data);
    }
}
