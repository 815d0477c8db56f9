using System.Collections.Concurrent;
using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Fabric.Mapping;

namespace Pilotage.Server.Fabric.Link;

/// <summary>Mappings that speak for messages to our own gateway: devices that cannot be taught our topics keep their own.</summary>
/// <remarks>A topic of ours is never mapped. Of several mappings that take a topic, the first by name counts.</remarks>
internal sealed class GatewayMappings(MappingBook mappings, MappedMessages messages, MappedDevices devices)
{
    /// <summary>What <c>{source}</c> is in a mapping for messages to the gateway.</summary>
    public const string Source = "gateway";

    private readonly ConcurrentDictionary<TenantId, (long Version, IReadOnlyList<RuleTable> Tables)> _tables = new();

    /// <summary>The rules that take a topic; null where none do.</summary>
    public RuleTable? Find(TenantId tenant, string topic)
    {
        foreach (var table in Tables(tenant))
        {
            if (table.Find(topic) is not null)
            {
                return table;
            }
        }

        return null;
    }

    /// <summary>Whether a rule takes a topic, and for a device that its sender may speak for, as far as the topic says which.</summary>
    /// <param name="device">Who asks by a certificate; null where nobody shows one.</param>
    public bool MayPublish(TenantId tenant, DeviceId? device, string topic) =>
        Find(tenant, topic)?.Find(topic) is { } match && !devices.Refuses(tenant, match.DevicePath, device);

    /// <summary>Stores a message; whoever sent it is told what cannot be read, and that a device is not to be had.</summary>
    public async Task<PublishDecision> TakeAsync(RuleTable table, DeviceId? device, MqttMessage message, long receivedNs)
    {
        // A retained message is news here: it is stored when it is sent, and never again.
        var foreign = new ForeignMessage(message.Topic, message.Payload, message.ContentType, false, receivedNs) { Speaker = device, IsOfGateway = true };
        var result = await messages.StoreAsync(table, foreign);
        return result.Fate == MappedFate.Unmapped ? PublishDecision.Refused(MqttReason.PayloadFormatInvalid, result.Why) : PublishDecision.Accepted;
    }

    private IReadOnlyList<RuleTable> Tables(TenantId tenant)
    {
        var version = mappings.Version;
        if (!_tables.TryGetValue(tenant, out var known) || known.Version != version)
        {
            _tables[tenant] = known = (version, [.. mappings.InForce(tenant).Where(one => one.OfGateway).OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => new RuleTable(one, tenant, Source))]);
        }

        return known.Tables;
    }
}
