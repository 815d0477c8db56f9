using System.Security.Cryptography.X509Certificates;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker;

/// <summary>
/// What the host decides: who may come in, who may say and hear what, and where received messages are stored.
/// </summary>
/// <remarks>Methods are called from many connections at once. The defaults keep everybody out.</remarks>
public abstract class BrokerHooks
{
    /// <summary>
    /// Judges a client certificate during the TLS handshake; must check its chain, validity and revocation.
    /// </summary>
    public virtual bool TrustsCertificate(string listener, X509Certificate2 certificate) => false;

    /// <summary>Says who a client is. Called once for each connection, before anything else.</summary>
    public virtual ValueTask<ConnectDecision> ConnectAsync(ConnectRequest request, CancellationToken cancellation) =>
        ValueTask.FromResult(
            ConnectDecision.Refuse(MqttReason.NotAuthorized, "This broker has no host to let clients in."));

    /// <summary>
    /// Asked for each PUBLISH, for the will at connect and for response topics; must not wait for anything.
    /// </summary>
    public virtual bool MayPublish(ClientIdentity who, string topic) => false;

    /// <summary>Why <see cref="MayPublish"/> says no, for whoever published; asked once a refused message. Null where there is no more to say.</summary>
    public virtual string? WhyNotPublish(ClientIdentity who, string topic) => null;

    /// <summary>Asked for each filter of a SUBSCRIBE, without its <c>$share/name/</c>; must not wait for anything.</summary>
    public virtual bool MaySubscribe(ClientIdentity who, string filter) => false;

    /// <summary>The same with the reason code of the answer, for hosts that want another one than "not authorized".</summary>
    public virtual MqttReason JudgeSubscribe(ClientIdentity who, string filter) =>
        MaySubscribe(who, filter) ? MqttReason.Success : MqttReason.NotAuthorized;

    /// <summary>
    /// Takes a message in; completes when it is stored durably. The broker acknowledges only then, and in order. Called
    /// in the client's order but not awaited before the next call, so that many messages share one commit: keep order
    /// by queueing before the first await. Subscribers may see the message before this completes.
    /// </summary>
    /// <param name="who">The publisher, also for a will.</param>
    /// <param name="message">Lent until the call returns, not until the task completes: what is needed longer is to be copied.</param>
    /// <param name="receivedNs">When the broker took it off the wire, ns since the Unix epoch.</param>
    /// <param name="cancellation">The broker stops hard; a message whose connection has ended is still seen
    /// through.</param>
    public virtual ValueTask<PublishDecision> ReceiveAsync(
        ClientIdentity who, in MessageView message, long receivedNs, CancellationToken cancellation) => default;

    /// <summary>A client is connected; called after CONNACK was sent. Must return quickly.</summary>
    public virtual void Connected(ClientIdentity who)
    {
    }

    /// <summary>
    /// A client is gone, for the reason given. Must return quickly. Not called when another connection has taken the
    /// session over: the client is still there.
    /// </summary>
    public virtual void Disconnected(ClientIdentity who, string why)
    {
    }
}
