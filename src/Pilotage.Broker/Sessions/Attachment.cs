namespace Pilotage.Broker.Sessions;

/// <summary>A connection's hold on its session.</summary>
/// <param name="Session">The session, new or resumed.</param>
/// <param name="Present">Whether it was there before: Session Present of CONNACK.</param>
/// <param name="Stored">Completes when the session is in the log; CONNACK waits for it.</param>
internal sealed record Attachment(Session Session, bool Present, ValueTask<long> Stored);
