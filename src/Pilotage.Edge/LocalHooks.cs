using System.Security.Cryptography.X509Certificates;
using Pilotage.Broker;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Core.Durability;
using Pilotage.Edge.Buffer;
using Pilotage.Edge.Identity;
using Pilotage.Protocols.Mqtt;
using Pilotage.Trust;

namespace Pilotage.Edge;

/// <summary>
/// Who may use the edge's own broker: devices that stand behind this edge, by certificate, each below its own path; and workers, by the
/// Unix socket. What they publish is acknowledged once it is in the buffer on disk.
/// </summary>
internal sealed class LocalHooks(EdgeIdentity identity, StoreAndForward buffer, TimeProvider time) : BrokerHooks
{
    public const string DeviceListener = "devices";
    public const string WorkerListener = "workers";
    private readonly CertificateTrust _trust = new([identity.Authority], time);
    private volatile IReadOnlyDictionary<string, string> _paths = new Dictionary<string, string>();

    /// <summary>Takes over who stands behind the edge.</summary>
    public void Attach(IReadOnlyList<AttachedDevice> devices) => _paths = devices.ToDictionary(device => device.Device, device => device.Path);

    public override bool TrustsCertificate(string listener, X509Certificate2 certificate) =>
        _trust.Check(certificate, PeerPurpose.Client).IsOk && DeviceCertificate.TryRead(certificate, out var peer) && peer!.Tenant == identity.Tenant;

    public override ValueTask<ConnectDecision> ConnectAsync(ConnectRequest request, CancellationToken cancellation) =>
        ValueTask.FromResult(request.Listener == WorkerListener
            ? ConnectDecision.Accept(new ClientIdentity(identity.Tenant, request.ClientId, null, WorkerListener, request.Listener), QueueOverflow.Refuse)
            : Device(request));

    public override bool MayPublish(ClientIdentity who, string topic) =>
        TopicPath.TryParse(topic, out var path) && (who.Device is { } device
            ? _paths.TryGetValue(device.Value, out var own) && path.DevicePath == own && path.Class is not (TopicClass.Inference or TopicClass.Forward)
            : path.Class is TopicClass.Inference or TopicClass.Event && _paths.Values.Contains(path.DevicePath));

    public override bool MaySubscribe(ClientIdentity who, string filter) =>
        who.Device is not { } device || (_paths.TryGetValue(device.Value, out var own) && filter.StartsWith(own + "/", StringComparison.Ordinal));

    public override ValueTask<PublishDecision> ReceiveAsync(
        ClientIdentity who, in MessageView message, long receivedNs, CancellationToken cancellation)
    {
        if (!TopicPath.TryParse(message.Topic, out var path))
        {
            return new(PublishDecision.Refused(MqttReason.TopicNameInvalid));
        }

        var entry = new ForwardedMessage(0, receivedNs, message.Topic, message.Payload.ToArray())
        {
            ContentType = message.Properties?.ContentType,
            Retain = message.Retain,
            UserProperties = message.Properties?.UserProperties ?? (IReadOnlyList<(string, string)>)[],
        };
        return KeepAsync(entry, path);
    }

    private async ValueTask<PublishDecision> KeepAsync(ForwardedMessage entry, TopicPath path)
    {
        try
        {
            await buffer.AppendAsync(entry, path, CancellationToken.None);
            return PublishDecision.Accepted;
        }
        catch (CommitLogFullException full)
        {
            return PublishDecision.Refused(MqttReason.QuotaExceeded, full.Message);
        }
    }

    private ConnectDecision Device(ConnectRequest request)
    {
        if (request.Certificate is null || !DeviceCertificate.TryRead(request.Certificate, out var peer))
        {
            return ConnectDecision.Refuse(MqttReason.NotAuthorized, "A device connects with its certificate.");
        }

        return _paths.ContainsKey(peer!.Device.Value)
            ? ConnectDecision.Accept(new ClientIdentity(identity.Tenant, peer.Device.Value, peer.Device, "device", request.Listener), QueueOverflow.Refuse)
            : ConnectDecision.Refuse(MqttReason.NotAuthorized, $"Device {peer.Device} does not stand behind this edge.");
    }
}
