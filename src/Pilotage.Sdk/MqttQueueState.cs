namespace Pilotage.Sdk;

/// <summary>How the queue on disk stands.</summary>
/// <param name="Waiting">Messages the broker has not acknowledged.</param>
/// <param name="WaitingBytes">Their bytes, as <see cref="MqttQueueOptions.BytesMax"/> counts them.</param>
/// <param name="Sent">Messages acknowledged since the queue was opened.</param>
/// <param name="Dropped">Messages that made room for newer ones since then.</param>
/// <param name="Expired">Messages whose expiry came while they waited.</param>
/// <param name="Refused">Messages the broker refused for good.</param>
/// <param name="Damaged">Entries that cannot be read any more.</param>
/// <param name="Uncertain">Messages of QoS 2 sent again although the broker may have had them: it had forgotten the session.</param>
/// <param name="Failure">Why nothing more is taken or sent; nothing while all is well.</param>
public sealed record MqttQueueState(
    int Waiting, long WaitingBytes, long Sent, long Dropped, long Expired, long Refused, long Damaged, long Uncertain, string? Failure)
{
    /// <summary>Whether the first message waits because the broker does not authorize it; see <see cref="MqttQueueOptions.KeepsUnauthorized"/>.</summary>
    public bool IsUnauthorized { get; init; }
}
