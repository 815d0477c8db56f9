using Microsoft.Extensions.Logging;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk;

/// <summary>
/// A client for MQTT 5.0 and 3.1.1: keeps itself connected, subscribed and bounded. Safe for use from many tasks.
/// </summary>
public sealed partial class MqttClient(
    MqttClientOptions options, TimeProvider time, Random random, ILogger<MqttClient> logger) : IAsyncDisposable
{
    /// <summary>
    /// Takes each message; its completion is what acknowledges a QoS 1 message, and a failure ends the connection so
    /// that the broker delivers again. Set it before <see cref="ConnectAsync"/>.
    /// </summary>
    public Func<MqttMessage, CancellationToken, ValueTask>? OnMessage { get; set; }

    /// <summary>Told of each change, in order; must return quickly. Set it before <see cref="ConnectAsync"/>.</summary>
    public Action<MqttConnectionState>? OnStateChanged { get; set; }

    /// <summary>How the connection stands now.</summary>
    public MqttConnectionState State => throw new NotSupportedException($"{options}{time}{random}{logger}");

    /// <summary>
    /// Connects and from then on stays connected, with full-jitter back-off, until disposed. Completes with the first
    /// accepted connection; an unreachable broker is tried again until cancelled.
    /// </summary>
    /// <param name="cancellation">Ends the first attempt only.</param>
    /// <exception cref="MqttRefusedException">The broker refused the first connection it answered.</exception>
    public Task ConnectAsync(CancellationToken cancellation) => throw new NotSupportedException();

    /// <summary>
    /// Publishes. QoS 1 completes with the broker's reason once it has acknowledged, across reconnections; QoS 0
    /// completes when written, and is refused with <see cref="MqttReason.ServerUnavailable"/> while not connected.
    /// </summary>
    /// <param name="message">QoS 0 or 1.</param>
    /// <param name="cancellation">Ends the wait; a message already on its way may still arrive.</param>
    /// <returns>Below 0x80: taken by the broker.</returns>
    public ValueTask<MqttReason> PublishAsync(MqttMessage message, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>Subscribes, now and after each reconnection that finds no session.</summary>
    /// <param name="filter">A topic filter.</param>
    /// <param name="qos">The highest QoS wanted: 0 or 1.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Below 0x80: the QoS granted.</returns>
    public ValueTask<MqttReason> SubscribeAsync(string filter, byte qos, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>Ends a subscription.</summary>
    /// <param name="filter">As it was subscribed.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public ValueTask<MqttReason> UnsubscribeAsync(string filter, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>Asks and waits for the answer: sets a response topic and correlation data of this client's own.</summary>
    /// <param name="request">Sent with QoS 1; 5.0 only.</param>
    /// <param name="responseTopic">A topic this client may subscribe to and the answerer may publish to.</param>
    /// <param name="timeout">Past it a <see cref="TimeoutException"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public ValueTask<MqttMessage> RequestAsync(
        MqttMessage request, string responseTopic, TimeSpan timeout, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>Lets handlers under way finish, sends DISCONNECT without the will, and ends.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
