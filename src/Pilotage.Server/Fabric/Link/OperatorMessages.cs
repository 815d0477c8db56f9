using System.Text;
using Pilotage.Broker;
using Pilotage.Core.Contracts;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Link;

/// <summary>Messages that an operator sends in the name of a device: held to what the device itself is held to, then stored and handed on.</summary>
internal sealed class OperatorMessages(
    IFleet fleet, BrokerHost broker, Ingestion ingestion, ServerOptions options, IServerTls tls, DiskRoom room, TimeProvider time)
{
    private const int ContentTypeCharsMax = 200;
    private readonly BrokerOptions _limits = BrokerSettings.Of(options, tls);

    /// <summary>Completes when it is stored, and durable for the sessions and the retained store.</summary>
    public async Task<Outcome<MessageEndpoints.PublishedView>> PublishAsync(TenantId tenant, MqttMessage message, CancellationToken cancellation)
    {
        if (!Judge(tenant, message).TryGet(out var place, out var refusal)
            || !(await broker.PublishAsync(tenant, message, cancellation)).TryGet(out _, out refusal))
        {
            return refusal;
        }

        var now = time.NowNs();
        var taken = await ingestion.StoreAsync(
            place.Device, place.Path, new IngestMessage(message.Topic, message.Payload, [], now, now, null) { IsOfDevice = false, ContentType = message.ContentType });
        return taken.Rejected is { } rejected
            ? rejected
            : new MessageEndpoints.PublishedView(message.Topic, place.Device.Id.Value, message.Payload.Length, message.Qos, message.Retain, taken.Aside);
    }

    private Outcome<(Device Device, TopicPath Path)> Judge(TenantId tenant, MqttMessage message)
    {
        var topic = message.Topic;
        var topicBytes = Encoding.UTF8.GetByteCount(topic);
        if (!MqttTopic.IsValidName(topic) || topicBytes > _limits.TopicBytesMax || MqttTopic.Levels(topic) > _limits.TopicLevelsMax)
        {
            return Malformed("/topic", $"is no topic to publish to: give 1 to {_limits.TopicBytesMax} bytes, at most {_limits.TopicLevelsMax} levels, without + and #");
        }

        if (message.ContentType is { } type && (type.Length > ContentTypeCharsMax || type.Contains('\0', StringComparison.Ordinal)))
        {
            return Malformed("/contentType", $"is no content type: give at most {ContentTypeCharsMax} characters");
        }

        if (topicBytes + message.Payload.Length > _limits.PacketBytesMax)
        {
            return new Refusal("fabric.message.too_large", $"The message has {message.Payload.Length} bytes; with its topic it may have {_limits.PacketBytesMax}.");
        }

        if (!TopicPath.TryParse(topic, out var path))
        {
            return new Refusal("fabric.topic.foreign", $"\"{topic}\" is no topic of a device; they are <tenant>/<site>/…/<device>/_<class>[/<name>], for example {tenant}/lyon/my-pi/_tele.");
        }

        if (path.Tenant != tenant)
        {
            return new Refusal("fabric.topic.forbidden", $"The topic belongs to the tenant {path.Tenant}; yours begin with {tenant}/.");
        }

        if (!TopicRights.IsToldByDevices(path) || !TopicRights.IsOpenToDevices(path.Class))
        {
            return new Refusal("fabric.topic.class", $"{path.Class} is not published by hand: desired states, commands, inferences and batches come from the server and from edges.");
        }

        if (room.State == RoomState.Out)
        {
            return new Refusal("server.storage_full", $"Nothing was published: {room.Words()}.");
        }

        return fleet.FindByPath(tenant, path.DevicePath) switch
        {
            null => new Refusal("fabric.device.not_found", $"There is no device at {path.DevicePath}. See what there is: pilotage device list"),
            { Status: DeviceStatus.Revoked } revoked => new Refusal("fabric.device.revoked", $"{revoked.Id} was revoked, and nothing is taken in its name. Let it in again: pilotage device restore {revoked.Id}"),
            { } device => (device, path),
        };
    }

    private static Refusal Malformed(string where, string says) => new("request.malformed", $"{where[1..]} {says}.") { Details = [new(where, says)] };
}
