using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Pilotage.Broker;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries.Chunks;
using Pilotage.Trust;

namespace Pilotage.Server.Fabric.Link;

/// <summary>The server's side of its broker: certificates become devices, messages become rows and events.</summary>
internal sealed partial class ServerBrokerHooks(
    IServerKeys keys,
    IDeviceStanding standing,
    IFleet fleet,
    IPresences presences,
    Ingestion ingestion,
    TopicBook topics,
    TopicRights rights,
    StorageRefusals refusals,
    ForwardLanes lanes,
    GatewayMappings mappings,
    UnmappedPublishes unmapped,
    ServerOptions options,
    DiskRoom room,
    TimeProvider time,
    ILogger<ServerBrokerHooks> logger) : BrokerHooks
{
    /// <summary>Name of the listener with certificates.</summary>
    public const string SecureListener = "mqtts";

    /// <summary>The same over WebSocket.</summary>
    public const string SecureWebListener = "wss";

    /// <summary>Name of the listener without.</summary>
    public const string OpenListener = "mqtt";

    /// <summary>The same over WebSocket.</summary>
    public const string OpenWebListener = "ws";

    private const string StatusRoot = "$SYS/";
    private const string RefusedByInterop = "test/nosubscribe";
    private const string DeviceRole = "device";
    private const string OpenRole = "open";

    public override bool TrustsCertificate(string listener, X509Certificate2 certificate) =>
        keys.ClientTrust.Check(certificate, PeerPurpose.Client).IsOk;

    public override ValueTask<ConnectDecision> ConnectAsync(ConnectRequest request, CancellationToken cancellation) =>
        ValueTask.FromResult(request.Listener is OpenListener or OpenWebListener ? LetIn(request) : OfCertificate(request));

    public override bool MayPublish(ClientIdentity who, string topic) => who switch
    {
        { Device: { } device } => rights.MayPublish(who.Tenant, device, topic) || mappings.MayPublish(who.Tenant, device, topic),
        { Role: OpenRole } => MayPublishOpenly(who, topic),
        _ => false,
    };

    /// <summary>A topic that is neither ours nor mapped is a mistake of whoever set the device up, who would else look for one in its rights.</summary>
    public override string? WhyNotPublish(ClientIdentity who, string topic) =>
        TopicPath.TryParse(topic, out _) ? null
        : mappings.Find(who.Tenant, topic) is { } table ? $"the mapping {table.Mapping.Name} takes this topic, for a device that this client does not speak for"
        : unmapped.Refuse(who, topic);

    public override bool MaySubscribe(ClientIdentity who, string filter) => who switch
    {
        { Device: { } device } => rights.MaySubscribe(who.Tenant, device, filter),
        { Role: OpenRole } => options.Limits != BrokerLimits.Default
            || filter.StartsWith(StatusRoot, StringComparison.Ordinal)
            || filter == who.Tenant.Value || filter.StartsWith(who.Tenant.Value + "/", StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>The interoperability suites name a filter that they expect to be refused, and the code.</summary>
    public override MqttReason JudgeSubscribe(ClientIdentity who, string filter) =>
        options.Limits == BrokerLimits.Interop && filter == RefusedByInterop
            ? MqttReason.UnspecifiedError
            : base.JudgeSubscribe(who, filter);

    public override ValueTask<PublishDecision> ReceiveAsync(
        ClientIdentity who, in MessageView message, long receivedNs, CancellationToken cancellation)
    {
        // Fast path
        if (topics.Find(message.Topic) is { Path.Class: TopicClass.Telemetry, Path.Name.Length: 0 } known
            && TelemetryForms.Of(message.Properties?.ContentType) == TelemetryForm.Json
            && room.State != RoomState.Out
            && known.DeviceIn(fleet) is { } device
            && MaySpeak(who, device)
            && ingestion.TryStore(device, known, message.Payload, receivedNs) is { } stored)
        {
            return new(stored);
        }

        return topics.TryPath(message.Topic, out var path) ? StoreAsync(who, path, message.ToMessage(), receivedNs)
            : mappings.Find(who.Tenant, message.Topic) is { } table ? StoreAsync(who, table, message.ToMessage(), receivedNs)
            : default;
    }

    public override void Connected(ClientIdentity who)
    {
        if (who.Device is { } device)
        {
            presences.Connected(who.Tenant, device, who.ClientId, time.NowNs());
        }
    }

    public override void Disconnected(ClientIdentity who, string why)
    {
        if (who.Device is { } device)
        {
            presences.Disconnected(who.Tenant, device, who.ClientId, time.NowNs(), why);
        }
    }

    private ValueTask<PublishDecision> StoreAsync(ClientIdentity who, TopicPath path, MqttMessage message, long receivedNs) =>
        StoreAsync(() => TakeAsync(who, path, message, receivedNs));

    /// <summary>A message to a topic that is nobody's here, by the rule of a mapping that takes it.</summary>
    private ValueTask<PublishDecision> StoreAsync(ClientIdentity who, RuleTable table, MqttMessage message, long receivedNs) =>
        StoreAsync(() => mappings.TakeAsync(table, who.Device, message, receivedNs));

    private async ValueTask<PublishDecision> StoreAsync(Func<Task<PublishDecision>> take)
    {
        if (room.State == RoomState.Out)
        {
            return PublishDecision.Refused(MqttReason.QuotaExceeded, room.Words() ?? "there is space again; send it once more");
        }

        try
        {
            return await take();
        }
        catch (Exception failure) when (failure is IOException or Microsoft.Data.Sqlite.SqliteException)
        {
            return refusals.Of(failure);
        }
    }

    private async Task<PublishDecision> TakeAsync(ClientIdentity who, TopicPath path, MqttMessage message, long receivedNs)
    {
        var device = fleet.FindByPath(who.Tenant, path.DevicePath) ?? (who.Role == OpenRole && FoundDevices.Declare(fleet, who.Tenant, path.DevicePath, Things.Unknown).TryGet(out var found, out _) ? found : null);
        if (device is null)
        {
            return PublishDecision.Refused(MqttReason.NotAuthorized, "there is no such device");
        }

        if (!MaySpeak(who, device))
        {
            return PublishDecision.Refused(MqttReason.NotAuthorized, "this device has a certificate, so it publishes over mqtts alone");
        }

        if (path.Class == TopicClass.Forward)
        {
            return await ForwardedAsync(device, message, receivedNs);
        }

        var taken = await ingestion.StoreAsync(
            device, path, new IngestMessage(message.Topic, message.Payload, message.UserProperties, receivedNs, receivedNs, null) { ContentType = message.ContentType });
        return taken.Rejected is { } rejected ? PublishDecision.Refused(MqttReason.PayloadFormatInvalid, rejected.Message) : PublishDecision.Accepted;
    }

    private Task<PublishDecision> ForwardedAsync(Device edge, MqttMessage message, long receivedNs)
    {
        if (!ForwardBatch.Decode(message.Payload.Span).Then(MessageColumns.Unpack).TryGet(out var batch, out var refusal))
        {
            return Task.FromResult(PublishDecision.Refused(MqttReason.PayloadFormatInvalid, refusal.Message));
        }

        return batch.Edge == edge.Id.Value
            ? lanes.InOrderAsync(edge.Id, () => ingestion.StoreAsync(edge, batch, receivedNs))
            : Task.FromResult(PublishDecision.Refused(MqttReason.NotAuthorized, "the batch names another edge"));
    }

    /// <summary>Whoever has shown a certificate, or has lost it, is not to be impersonated by those who show none.</summary>
    private static bool MaySpeak(ClientIdentity who, Device device) =>
        device.Tenant == who.Tenant && (who.Role != OpenRole || device.Status == DeviceStatus.Declared);

    /// <summary>Before anybody hears the message: a device that has a certificate is not spoken for here, nor is a class that is not a device's.</summary>
    private bool MayPublishOpenly(ClientIdentity who, string topic)
    {
        var known = topics.Find(topic);
        if (known?.Path is not { } path && !TopicPath.TryParse(topic, out path))
        {
            return options.Limits != BrokerLimits.Default || mappings.MayPublish(who.Tenant, null, topic);
        }

        var device = known is null ? fleet.FindByPath(who.Tenant, path.DevicePath) : known.DeviceIn(fleet);
        return (device is null || MaySpeak(who, device))
            && (options.Limits != BrokerLimits.Default
                || (path.Tenant == who.Tenant && TopicRights.IsToldByDevices(path) && TopicRights.IsOpenToDevices(path.Class)));
    }

    private ConnectDecision LetIn(ConnectRequest request) => ConnectDecision.Accept(
        new ClientIdentity(new TenantId(options.Tenant), "open:" + request.ClientId, null, OpenRole, request.Listener));

    private ConnectDecision OfCertificate(ConnectRequest request)
    {
        if (request.Certificate is not { } certificate || !DeviceCertificate.TryRead(certificate, out var identity))
        {
            if (request.Certificate is not null && options.Limits != BrokerLimits.Default)
            {
                // Trusted, and for measuring that is enough.
                return LetIn(request);
            }

            return ConnectDecision.Refuse(MqttReason.NotAuthorized, "the certificate names no device");
        }

        if (standing.MayNot(identity!, Digest.Of(certificate.RawData)) is { } refusal)
        {
            Log.KeptOut(logger, identity!.Device.Value, refusal.Message);
            return ConnectDecision.Refuse(MqttReason.NotAuthorized, refusal.Message);
        }

        var device = identity!.Device;
        if (!request.ClientIdAssigned && request.ClientId != device.Value
            && !request.ClientId.StartsWith(device.Value + ":", StringComparison.Ordinal))
        {
            return ConnectDecision.Refuse(
                MqttReason.ClientIdentifierNotValid, $"the client id must be {device}, or begin with {device}: and go on as you like");
        }

        // What an edge waits for must not be dropped silently behind its back; the publisher is told instead.
        var isEdge = fleet.Find(identity.Tenant, device)?.Thing == Things.Edge;
        var who = new ClientIdentity(identity.Tenant, request.ClientId, device, DeviceRole, request.Listener);
        return ConnectDecision.Accept(who, isEdge ? QueueOverflow.Refuse : QueueOverflow.DropOldest) with { Paced = !isEdge };
    }

    private static partial class Log
    {
        [LoggerMessage(3100, LogLevel.Warning, "Device {Device} was kept out: {Why}")]
        public static partial void KeptOut(ILogger logger, string device, string why);
    }
}
