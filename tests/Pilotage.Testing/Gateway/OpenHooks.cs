using System.Security.Cryptography.X509Certificates;
using Pilotage.Broker;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Testing.Gateway;

/// <summary>A host that lets everybody in, as one tenant, and remembers what it was given.</summary>
public sealed class OpenHooks : BrokerHooks
{
    private readonly List<MqttMessage> _received = [];

    /// <summary>Asked for each connection; by default everybody comes in.</summary>
    public Func<ConnectRequest, ConnectDecision>? OnConnect { get; set; }

    /// <summary>Asked for each message; by default everything is stored at once.</summary>
    public Func<ClientIdentity, MqttMessage, ValueTask<PublishDecision>>? OnReceive { get; set; }

    /// <summary>Topics below here are forbidden to everybody.</summary>
    public string Forbidden { get; set; } = "forbidden/";

    /// <summary>What whoever publishes there is told.</summary>
    public string? WhyForbidden { get; set; }

    /// <summary>Whether messages are kept for <see cref="Received"/>.</summary>
    public bool Remembers { get; set; } = true;

    /// <summary>Judges certificates.</summary>
    public Func<X509Certificate2, bool> Trusts { get; set; } = _ => false;

    /// <summary>Every message the host was given, in order of arrival.</summary>
    public IReadOnlyList<MqttMessage> Received
    {
        get
        {
            lock (_received)
            {
                return [.. _received];
            }
        }
    }

    /// <inheritdoc/>
    public override bool TrustsCertificate(string listener, X509Certificate2 certificate) => Trusts(certificate);

    /// <inheritdoc/>
    public override ValueTask<ConnectDecision> ConnectAsync(ConnectRequest request, CancellationToken cancellation) =>
        ValueTask.FromResult(OnConnect?.Invoke(request) ?? Accept(request));

    /// <inheritdoc/>
    public override bool MayPublish(ClientIdentity who, string topic) =>
        !topic.StartsWith(Forbidden, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string? WhyNotPublish(ClientIdentity who, string topic) => WhyForbidden;

    /// <inheritdoc/>
    public override bool MaySubscribe(ClientIdentity who, string filter) =>
        !filter.StartsWith(Forbidden, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override ValueTask<PublishDecision> ReceiveAsync(
        ClientIdentity who, in MessageView message, long receivedNs, CancellationToken cancellation)
    {
        if (!Remembers && OnReceive is null)
        {
            return default;
        }

        var kept = message.ToMessage();
        if (Remembers)
        {
            lock (_received)
            {
                _received.Add(kept);
            }
        }

        return OnReceive?.Invoke(who, kept) ?? default;
    }

    /// <summary>The answer that lets a client in under its own client id.</summary>
    public static ConnectDecision Accept(ConnectRequest request, QueueOverflow overflow = QueueOverflow.DropOldest) =>
        ConnectDecision.Accept(
            new ClientIdentity(new TenantId("acme"), request.ClientId, null, "test", request.Listener), overflow);
}
